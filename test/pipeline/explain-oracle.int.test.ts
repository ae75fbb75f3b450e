// The oracle against the real Envoy: random routes, random requests, and each must be answered as it is explained.
import type { IrResource } from '@sluice/ir';
import { type ExplainRequest, type Explanation, explainRequest, IrIndex } from '@sluice/ir/explain';
import { type Backend, freePort, makeCertificate, startBackend } from '@sluice/testkit';
import { createScopedRouteLayout, type RouteLayout, routeLayouts } from '@sluice/xds-server/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backendHeaders, differences } from './explain/compare.ts';
import { RawClient } from './explain/http-client.ts';
import { requestTo } from './explain/requests.ts';
import { clusterKey, clusterNames, irOf, type Place, routeSet } from './explain/route-set.ts';
import { startStaticEnvoy } from './explain/static-envoy.ts';

const sets = 20;
const requestsPerSet = 200;
const parallel = 8;
/** Named in every failure; EXPLAIN_SEED repeats a run. */
const seed = Number(process.env.EXPLAIN_SEED ?? Math.floor(Math.random() * 2 ** 31));

test.each([
  ['plain', routeLayouts.plain],
  ['scoped', routeLayouts.scoped],
  ['scoped and split by path', createScopedRouteLayout(1)],
])('Envoy answers every request as it is explained: %s', (_name, layout) => compareAll(layout));

async function compareAll(layout: RouteLayout): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const backends: Backend[] = [];
  for (const name of clusterNames.slice(0, 3)) {
    const backend = stack.use(await startBackend({ name }));
    backend.respond(() => ({ headers: backendHeaders }));
    backends.push(backend);
  }
  const places = await freePlaces(sets);
  const perSet = fc.sample(routeSet, { seed, numRuns: sets }).map((set, i) => {
    const place = places[i] as Place;
    const ir = [...irOf(set, place), ...clusters(backends)];
    return { place, ir, index: new IrIndex(ir) };
  });
  const { chainPem, keyPem } = await makeCertificate({ dnsNames: ['*.test'] });
  const whole = [...perSet.flatMap(({ ir }) => ir), certificate];
  stack.use(
    await startStaticEnvoy(
      [...new Map(whole.map((r) => [`${r.kind}:${r.key}`, r])).values()],
      {
        chainPem,
        keyPem,
      },
      layout,
    ),
  );
  const client = stack.use(new RawClient());

  const faults: string[] = [];
  let answered = 0;
  const seen = new Set<string>();
  const cases = perSet.flatMap(({ place, index }, i) =>
    fc
      .sample(requestTo(place), { seed: seed + i, numRuns: requestsPerSet })
      .map((request) => ({ request, index })),
  );
  const work = cases.values();
  const one = async (): Promise<void> => {
    for (const { request, index } of work) {
      const explanation = explainRequest(index, request);
      const found = differences(explanation, await client.send(request));
      answered += 1;
      for (const kind of kindsOf(explanation)) seen.add(kind);
      if (found.length > 0) faults.push(`${describe(request)}\n  ${found.join('\n  ')}`);
    }
  };
  await Promise.all(Array.from({ length: parallel }, one));

  expect(faults.slice(0, 10), `${faults.length} disagreements; EXPLAIN_SEED=${seed} repeats the run`).toEqual(
    [],
  );
  expect(answered).toBe(sets * requestsPerSet);
  expect([...seen].sort()).toEqual(allKinds);
}

/** What must have come up in a run, or the comparison is worth less than it seems. */
const allKinds = [
  ...['forward', 'preflight', 'redirect', 'respond'],
  ...['bad-request', 'misdirected', 'no-host', 'no-match', 'no-server'],
  ...[
    'path type',
    'path length',
    'method',
    'header count',
    'query count',
    'route age',
    'route name',
    'rule order',
  ],
].sort();

function kindsOf({ outcome, candidates }: Explanation): string[] {
  const steps = candidates.flatMap(({ verdict }) => (verdict.type === 'outranked' ? [verdict.step] : []));
  return [outcome.type === 'refused' ? outcome.cause : outcome.type, ...steps];
}

const certificate: IrResource = {
  kind: 'certificate',
  key: 'default/certificate',
  source: { group: '', kind: 'Secret', namespace: 'default', name: 'certificate' },
  uid: 'uid',
  digest: 'digest',
};

function clusters(backends: readonly Backend[]): IrResource[] {
  return clusterNames.flatMap((name): IrResource[] => {
    const backend = backends.find((candidate) => candidate.name === name);
    const source = { group: '', kind: 'Service', namespace: 'default', name };
    const key = clusterKey(name);
    return [
      { kind: 'cluster', key, source, port: 80, protocol: 'http1', connectTimeoutMs: 5_000, endpoints: key },
      ...(backend === undefined
        ? []
        : [
            {
              kind: 'endpoint-group' as const,
              key,
              service: key,
              endpoints: [{ address: backend.address, port: backend.port, state: 'ready' as const }],
            },
          ]),
    ];
  });
}

/** One loopback address for each set, far from those of other tests. */
async function freePlaces(count: number): Promise<Place[]> {
  const net = `127.${130 + Math.floor(Math.random() * 100)}.${Math.floor(Math.random() * 256)}`;
  const [httpPort, httpsPort] = [await freePort(`${net}.1`), await freePort(`${net}.1`)];
  return Array.from({ length: count }, (_, i) => ({
    name: `set-${i}`,
    address: `${net}.${i + 1}`,
    httpPort,
    httpsPort,
  }));
}

function describe({ address, tls, host, method, path, headers }: ExplainRequest): string {
  const place = tls === undefined ? `http ${address}` : `https ${address} SNI ${tls.sni ?? '-'}`;
  return `${place} ${method} ${path} Host: ${host} ${JSON.stringify(headers)}`;
}
