// What is said of listeners that users write themselves, held against the real Envoy: random routes in its own words, random
// requests, and each must be answered as it is explained.
import { explainRaw, type RawExplanation, RawIndex } from '@sluice/envoy-resources/explain';
import { type EchoRequest, freePort, makeCertificate, startBackend, startEnvoy } from '@sluice/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Answer, RawClient } from './explain/http-client.ts';
import { rawListener, rawRequests, rawResource, rawRouteHeader, rawTables } from './explain/raw-listener.ts';

const sets = 20;
const requestsPerSet = 150;
const parallel = 8;
/** Named in every failure; EXPLAIN_SEED repeats a run. */
const seed = Number(process.env.EXPLAIN_SEED ?? Math.floor(Math.random() * 2 ** 31));

test('Envoy answers every request at a raw listener as it is explained', async () => {
  await using stack = new AsyncDisposableStack();
  const backend = stack.use(await startBackend({ name: 'c' }));
  const keys = await makeCertificate({ dnsNames: ['*.test'] });
  const net = `127.${130 + Math.floor(Math.random() * 100)}.${Math.floor(Math.random() * 256)}`;
  const port = await freePort(`${net}.1`);
  const endpoint = { address: { socket_address: { address: backend.address, port_value: backend.port } } };
  const cluster = {
    name: 'c',
    type: 'STATIC',
    load_assignment: { cluster_name: 'c', endpoints: [{ lb_endpoints: [{ endpoint }] }] },
  };
  const all = fc.sample(rawTables, { seed, numRuns: sets }).map((tables, i) => {
    const at = { address: `${net}.${i + 1}`, port };
    const listener = rawListener(tables, at);
    const resources = [rawResource('listener', `l${i}`, listener), rawResource('cluster', 'c', cluster)];
    return { at, index: new RawIndex(resources, () => []), sent: rawListener(tables, at, keys) };
  });
  const bootstrap = {
    admin: { address: { socket_address: { address: '127.0.0.1', port_value: 0 } } },
    static_resources: { clusters: [cluster], listeners: all.map(({ sent }) => sent) },
  };
  stack.use(await startEnvoy({ bootstrap }));
  const client = stack.use(new RawClient());
  const faults: string[] = [];
  const seen = new Set<string>();
  const cases = all.flatMap(({ at, index }, i) =>
    fc
      .sample(rawRequests(at), { seed: seed + i, numRuns: requestsPerSet })
      .map((request) => ({ request, index })),
  );
  const work = cases.values();
  const one = async (): Promise<void> => {
    for (const { request, index } of work) {
      const [explanation] = explainRaw(index, request);
      const answer = await client.send(request);
      const fault = explanation === undefined ? 'nothing is said of it' : faultOf(explanation, answer);
      if (explanation !== undefined) seen.add(explanation.outcome.type);
      if (fault !== '')
        faults.push(
          `${JSON.stringify(request)}\n  ${fault}\n  ${JSON.stringify(answer)}\n ${JSON.stringify(explanation)}`,
        );
    }
  };
  await Promise.all(Array.from({ length: parallel }, one));
  expect(faults.slice(0, 5), `${faults.length} disagreements; EXPLAIN_SEED=${seed} repeats the run`).toEqual(
    [],
  );
  expect([...seen].sort()).toEqual(['forward', 'redirect', 'refused', 'respond']);
});

/** What differs between what is said and what came; the empty string where nothing does. */
function faultOf({ outcome, route }: RawExplanation, answer: Answer): string {
  const wrong = (what: string, said: unknown, got: unknown): string =>
    said === got ? '' : `${what}: said ${String(said)}, got ${String(got)}`;
  const by = wrong('route', route, answer.headers[rawRouteHeader]);
  // To a gRPC client Envoy puts its own answers into trailers, under status 200.
  const status = (said: number | null): string =>
    answer.headers['grpc-status'] === undefined ? wrong('status', said, answer.status) : '';
  switch (outcome.type) {
    case 'refused':
      return status(outcome.status);
    case 'respond':
      return by || status(outcome.status);
    case 'redirect': {
      if (answer.headers['grpc-status'] !== undefined) return '';
      return by || status(outcome.status) || wrong('location', outcome.location, answer.headers.location);
    }
    case 'forward': {
      if (by !== '') return by;
      if (outcome.targets.some(({ endpoints }) => endpoints.length === 0)) return status(503);
      const seen = JSON.parse(answer.body) as EchoRequest;
      return wrong('path', outcome.path, seen.path) || wrong('host', outcome.host, seen.host);
    }
    default:
      return `it is ${outcome.type}`;
  }
}
