// The words of `sluice up`. In: the state of processes and of what is asked for; out: lines of text, already escaped.
import type { Origin } from '@sluice/events';
import { formatObjectRef, type IrListener } from '@sluice/ir';
import type { Assessment, Refusal } from '../model/assessment.ts';
import type { GatewayState } from '../model/gateway-state.ts';
import type { Progress, RouteState } from '../model/route-state.ts';
import { escapeText } from '../output/escape.ts';
import type { ProcessView } from './process-spec.ts';

/** So many hostnames are written out. */
const maxNames = 10;

/** `http://127.80.0.1/` or `tcp://127.80.0.1:5432`, one for each address and port, with the hostnames of a listener that has some. */
export function urlsOf(listeners: readonly IrListener[]): string[] {
  return listeners.flatMap(({ protocol, addresses, bindPort, servers }) => {
    const standard = { HTTP: 80, HTTPS: 443, TLS: undefined, TCP: undefined, UDP: undefined }[protocol];
    const port = bindPort === standard ? '' : `:${bindPort}`;
    const end = standard === undefined ? '' : '/';
    const names = [
      ...new Set(servers.map(({ hostname }) => hostname).filter((hostname) => hostname !== '*')),
    ];
    const shown = names.slice(0, maxNames).join(', ');
    const more = names.length > maxNames ? ` and ${names.length - maxNames} more` : '';
    const suffix = names.length === 0 ? '' : ` (${shown}${more})`;
    return addresses.map((address) => {
      const host = address.includes(':') ? `[${address}]` : address;
      return `${protocol.toLowerCase()}://${host}${port}${end}${suffix}`;
    });
  });
}

function place({ file, line, column }: Origin): string {
  return file === '' ? '' : ` (${file}:${line}:${column})`;
}

/** One line on a Gateway, or a Service that stands at a listener of its own. */
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

/** One line on a route. */
export function routeLine({ ref, origin, progress, message }: RouteState): string {
  const words: Readonly<Record<Progress, string>> = {
    'in-force': 'in force',
    waiting: `waiting: ${message}`,
    faulty: `faulty: ${message}${place(origin)}`,
  };
  return escapeText(`${formatObjectRef(ref)}  ${words[progress]}`);
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
  const { gateways, services, routes, refusals } = assessment;
  const bound = [...gateways, ...services];
  const faulty = bound.length - inForce(bound) + routes.troubled.length;
  const bad = [
    ...(faulty === 0 ? [] : [`${faulty} faulty`]),
    ...(refusals.length === 0 ? [] : [`${refusals.length} refused`]),
  ];
  const own = gateways.filter(({ ref }) => ref.kind === 'Gateway');
  const ofIngresses = inForce(gateways.filter(({ ref }) => ref.kind !== 'Gateway'));
  const parts = [
    count(inForce(own), 'Gateway'),
    ...(services.length === 0 ? [] : [count(inForce(services), 'Service')]),
    ...(ofIngresses === 0 ? [] : [`${ofIngresses} of Ingress`]),
  ];
  const good = `${parts.join(', ')} and ${count(routes.inForce, 'route')} in force`;
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

/** What is said of one Gateway, route, or fault. */
export interface ReportLine {
  readonly text: string;
  /** It will change by itself in a moment. */
  readonly passing: boolean;
}

/**
 * What is to be said of everything that is asked for, by a key that stays the same while the subject does. A route that is as it
 * should be is not worth a line.
 */
export function assessmentLines({
  gateways,
  services,
  routes,
  refusals,
}: Assessment): Map<string, ReportLine> {
  const lines = new Map<string, ReportLine>();
  for (const gateway of [...gateways, ...services])
    lines.set(formatObjectRef(gateway.ref), {
      text: gatewayLine(gateway),
      passing: gateway.progress === 'waiting',
    });
  for (const route of routes.troubled)
    lines.set(formatObjectRef(route.ref), {
      text: routeLine(route),
      passing: route.progress === 'waiting',
    });
  for (const refusal of refusals)
    for (const [i, text] of refusalLines(refusal).entries())
      lines.set(`${refusal.what} ${i}`, { text, passing: false });
  return lines;
}

/** Tells what is new since it was last asked. What passes by itself is told only when it stays. */
export class News {
  readonly #told = new Map<string, string>();
  readonly #passingSince = new Map<string, number>();
  readonly #patienceMs: number;

  /** @param patienceMs how long something may be passing before it is told. */
  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  /**
   * @param of.nowMs of a clock that only goes forward
   * @param of.isInForce whether what has no line any more is as it should be; else it is gone
   */
  since(
    lines: ReadonlyMap<string, ReportLine>,
    of: { readonly nowMs: number; readonly isInForce: (key: string) => boolean },
  ): string[] {
    const news = [...lines].flatMap(([key, line]) => this.#newsOf(key, line, of.nowMs));
    for (const key of this.#told.keys()) {
      if (lines.has(key)) continue;
      news.push(`${escapeText(key.replace(/ \d+$/, ''))}  ${of.isInForce(key) ? 'in force' : 'gone'}`);
      this.#told.delete(key);
    }
    for (const key of this.#passingSince.keys()) if (!lines.has(key)) this.#passingSince.delete(key);
    return news;
  }

  #newsOf(key: string, line: ReportLine, nowMs: number): string[] {
    if (line.passing) {
      const since = this.#passingSince.get(key) ?? nowMs;
      this.#passingSince.set(key, since);
      if (nowMs - since < this.#patienceMs) return [];
    } else this.#passingSince.delete(key);
    if (this.#told.get(key) === line.text) return [];
    this.#told.set(key, line.text);
    return [line.text];
  }
}
