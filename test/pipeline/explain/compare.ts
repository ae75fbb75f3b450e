import type { IrHeaderEdit } from '@sluice/ir';
import { type Candidate, type Explanation, editHeaders, type ForwardTarget } from '@sluice/ir/explain';
import type { EchoRequest } from '@sluice/testkit';
import type { Answer } from './http-client.ts';
import { clusterKey } from './route-set.ts';
import { routeHeader } from './static-envoy.ts';

/** Response headers of every backend: what the edits of routes work on. */
export const backendHeaders = { 'x-r': 'b', 'x-s': 'b' } as const;

const requestNames = ['x-a', 'x-b', 'x-c', 'x-d', 'x-forwarded-proto', 'x-forwarded-host', 'forwarded'];
const responseNames = ['x-r', 'x-s', 'x-t'];

/** In what an answer differs from its explanation; none: they agree. */
export function differences({ outcome, candidates }: Explanation, answer: Answer): string[] {
  const found = new Differences();
  const winner = candidates.find(({ verdict }) => verdict.type === 'won');
  switch (outcome.type) {
    case 'refused':
      found.compare('status', outcome.status, answer.status);
      break;
    case 'respond':
      found.compare('status', outcome.status, answer.status);
      compareLocal(found, { winner, edits: outcome.responseEdits, answer });
      break;
    case 'redirect':
      found.compare('status', outcome.status, answer.status);
      found.compare(
        'location',
        plainLocation(outcome.location),
        plainLocation(answer.headers.location ?? ''),
      );
      compareLocal(found, { winner, edits: outcome.responseEdits, answer });
      break;
    case 'preflight':
      found.compare('status', outcome.status, answer.status);
      found.compare('route', undefined, answer.headers[routeHeader]);
      found.compare(
        'allowed origin',
        outcome.allowed ? outcome.origin : undefined,
        answer.headers['access-control-allow-origin'],
      );
      break;
    case 'forward':
      compareForward(found, { ...outcome, winner, answer });
  }
  return found.list;
}

class Differences {
  readonly list: string[] = [];

  compare(what: string, expected: unknown, actual: unknown): void {
    if (expected !== actual)
      this.list.push(`${what}: explained ${JSON.stringify(expected)}, Envoy ${JSON.stringify(actual)}`);
  }
}

/** What names the same place: a port that goes without saying or is empty may stand there, and a host has no case. */
function plainLocation(location: string): string {
  const [, scheme = '', host = '', rest = ''] = /^(https?):\/\/([^/]*)(.*)$/.exec(location) ?? [];
  const port = scheme === 'https' ? /:(443)?$/ : /:(80)?$/;
  return `${scheme}://${host.toLowerCase().replace(port, '')}${rest}`;
}

function compareLocal(
  found: Differences,
  of: {
    readonly winner: Candidate | undefined;
    readonly edits: readonly IrHeaderEdit[];
    readonly answer: Answer;
  },
): void {
  found.compare('route', of.winner?.id, of.answer.headers[routeHeader]);
  compareHeaders(found, 'response header', {
    names: responseNames,
    expected: editHeaders([], of.edits),
    actual: of.answer.headers,
  });
}

function compareForward(
  found: Differences,
  of: {
    readonly path: string;
    readonly targets: readonly ForwardTarget[];
    readonly winner: Candidate | undefined;
    readonly answer: Answer;
  },
): void {
  const { answer, targets, winner } = of;
  if (answer.status !== 200) {
    const possible = targets.flatMap(({ status }) => status ?? 200);
    found.compare(
      'status',
      possible.find((status) => status === answer.status) ?? possible[0],
      answer.status,
    );
    return;
  }
  found.compare('route', winner?.id, answer.headers[routeHeader]);
  const echo = JSON.parse(answer.body) as EchoRequest;
  const target = targets.find(
    ({ cluster, status }) => status === undefined && cluster === clusterKey(echo.name),
  );
  if (target === undefined) {
    found.compare('backend', targets.map(({ cluster }) => cluster).join(' or '), echo.name);
    return;
  }
  found.compare('path', of.path, echo.path);
  found.compare('host', target.host, echo.host);
  const seen = Object.fromEntries(Object.entries(echo.headers).map(([name, value]) => [name, String(value)]));
  compareHeaders(found, 'header', { names: requestNames, expected: target.headers, actual: seen });
  const sent = Object.entries(backendHeaders).map(([name, value]) => [name, [value]] as const);
  compareHeaders(found, 'response header', {
    names: responseNames,
    expected: editHeaders(sent, target.responseEdits),
    actual: answer.headers,
  });
}

function compareHeaders(
  found: Differences,
  what: string,
  of: {
    readonly names: readonly string[];
    readonly expected: readonly { readonly name: string; readonly value: string }[];
    readonly actual: Readonly<Record<string, string>>;
  },
): void {
  for (const name of of.names) {
    const values = of.expected.filter((header) => header.name === name).map(({ value }) => value);
    found.compare(`${what} ${name}`, values.length === 0 ? undefined : values.join(', '), of.actual[name]);
  }
}
