// The words of `sluice up`. In: the state of processes and of what is asked for; out: lines of text, already escaped.
import type { Origin } from '@sluice/events';
import { formatObjectRef, type IrListener } from '@sluice/ir';
import type { Assessment, GatewayState, Progress, Refusal, RouteState } from '../model/assessment.ts';
import { escapeText } from '../output/escape.ts';
import type { ProcessView } from './process-spec.ts';

/** `http://127.80.0.1/`, one for each address and port, with the hostname of a listener that has one. */
export function urlsOf(listeners: readonly IrListener[]): string[] {
  return listeners.flatMap(({ protocol, addresses, bindPort, servers }) => {
    const scheme = protocol === 'HTTPS' ? 'https' : 'http';
    const isDefault = bindPort === (protocol === 'HTTPS' ? 443 : 80);
    const names = [
      ...new Set(servers.map(({ hostname }) => hostname).filter((hostname) => hostname !== '*')),
    ];
    const suffix = names.length === 0 ? '' : ` (${names.join(', ')})`;
    return addresses.map((address) => {
      const host = address.includes(':') ? `[${address}]` : address;
      return `${scheme}://${host}${isDefault ? '' : `:${bindPort}`}/${suffix}`;
    });
  });
}

function place({ file, line, column }: Origin): string {
  return file === '' ? '' : ` (${file}:${line}:${column})`;
}

/** One line on a Gateway. */
export function gatewayLine({ ref, origin, progress, message, addresses, listeners }: GatewayState): string {
  const urls = urlsOf(listeners);
  const where = urls.length > 0 ? urls.join('  ') : addresses.join(' ');
  const words: Readonly<Record<Progress, string>> = {
    'in-force': message === '' ? where : `${where}  partly: ${message}${place(origin)}`,
    waiting: `waiting: ${message}`,
    faulty: `not in force: ${message}${place(origin)}`,
  };
  return escapeText(`${formatObjectRef(ref)}  ${words[progress]}`);
}

/** One line on a route that is not as it should be; undefined for the others. */
export function routeLine({ ref, origin, progress, message }: RouteState): string | undefined {
  if (progress === 'in-force') return undefined;
  const words = progress === 'waiting' ? `waiting: ${message}` : `faulty: ${message}${place(origin)}`;
  return escapeText(`${formatObjectRef(ref)}  ${words}`);
}

/** The lines on a refused object or file: each fault with its place and mend. */
export function refusalLines({ what, faults }: Refusal): string[] {
  return faults.map(({ origin, path, message, hint }) => {
    const field = path === '' ? '' : ` ${path}:`;
    const mend = hint === '' ? '' : ` (mend: ${hint})`;
    return escapeText(
      `refused ${what}  ${origin.file}:${origin.line}:${origin.column}:${field} ${message}${mend}`,
    );
  });
}

/** The line that tells that all is in force. */
export function readyLine(assessment: Assessment, seconds: number): string {
  const inForce = (of: readonly { readonly progress: Progress }[]) =>
    of.filter(({ progress }) => progress === 'in-force').length;
  const { gateways, routes, refusals } = assessment;
  const faulty = gateways.length + routes.length - inForce(gateways) - inForce(routes);
  const bad = [
    ...(faulty === 0 ? [] : [`${faulty} faulty`]),
    ...(refusals.length === 0 ? [] : [`${refusals.length} refused`]),
  ];
  const good = `${count(inForce(gateways), 'Gateway')} and ${count(inForce(routes), 'route')} in force`;
  return `ready in ${seconds.toFixed(1)} s: ${[good, ...bad].join(', ')}`;
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`;
}

/** One line on all processes: each with its state, and restarts where there were any. */
export function processLine(views: readonly ProcessView[], paint: (state: string) => string): string {
  return views
    .map(
      ({ name, state, restarts }) =>
        `${name} ${paint(state)}${restarts === 0 ? '' : ` (${count(restarts, 'restart')})`}`,
    )
    .join('  ');
}

/** What is said of low ports; undefined where they can be bound. */
export function lowPortLine(offset: number): string | undefined {
  if (offset === 0) return undefined;
  return `ports below 1024 cannot be bound by this user: port 80 is ${80 + offset} and 443 is ${443 + offset}`;
}

/** Every line that is shown of what is asked for, by a key that stays the same while the subject does. */
export function assessmentLines({ gateways, routes, refusals }: Assessment): Map<string, string> {
  const lines = new Map<string, string>();
  for (const gateway of gateways) lines.set(formatObjectRef(gateway.ref), gatewayLine(gateway));
  for (const route of routes) {
    const line = routeLine(route);
    if (line !== undefined) lines.set(formatObjectRef(route.ref), line);
  }
  for (const refusal of refusals)
    for (const [i, line] of refusalLines(refusal).entries()) lines.set(`${refusal.what} ${i}`, line);
  return lines;
}
