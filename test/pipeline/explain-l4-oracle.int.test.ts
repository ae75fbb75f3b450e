// The oracle of connections against the real Envoy: random TLS and TCP listeners and routes, random connections, and each
// must get to a backend, or be refused, as it is explained.
import type { IrResource } from '@sluice/ir';
import {
  type ConnectionExplanation,
  type ExplainConnection,
  explainConnection,
  IrIndex,
} from '@sluice/ir/explain';
import { connectStream, freePort, makeCertificate, startTcpEcho } from '@sluice/testkit';
import { routeLayouts } from '@sluice/xds-server/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { connectionTo, type L4Place, l4Resources, l4ServiceKey } from './explain/l4-set.ts';
import { startStaticEnvoy } from './explain/static-envoy.ts';

const sets = 30;
const connectionsPerSet = 60;
const parallel = 8;
/** Named in every failure; EXPLAIN_SEED repeats a run. */
const seed = Number(process.env.EXPLAIN_SEED ?? Math.floor(Math.random() * 2 ** 31));
const certificate = 'default/certificate';
/** Who a client meets that is not passed through. */
const own = 'own.test';

/** What becomes of a connection: the backend that answers, TLS that Envoy itself ends, or nothing. */
type Fate = string | 'ended by Envoy' | 'refused';

test('Envoy takes every connection as it is explained', async () => {
  await using stack = new AsyncDisposableStack();
  const groups: IrResource[] = [];
  for (const name of ['one', 'two']) {
    const tls = await makeCertificate({ dnsNames: [name] });
    const { port } = stack.use(await startTcpEcho({ name, tls }));
    const endpoints = [{ address: '127.0.0.1', port, state: 'ready' as const }];
    groups.push({ kind: 'endpoint-group', key: l4ServiceKey(name), service: l4ServiceKey(name), endpoints });
  }
  const worlds = (await freePlaces(sets)).map((place, i) => {
    const [ir = []] = fc.sample(l4Resources(place, certificate), { seed: seed + i, numRuns: 1 });
    return { place, ir, index: new IrIndex([...ir, ...groups]) };
  });
  const { chainPem, keyPem } = await makeCertificate({ dnsNames: [own] });
  stack.use(
    await startStaticEnvoy(
      [...worlds.flatMap(({ ir }) => ir), ...groups, certificateResource],
      { chainPem, keyPem },
      routeLayouts.plain,
    ),
  );

  const faults: string[] = [];
  const seen = new Set<string>();
  const work = worlds
    .flatMap(({ place, index }, i) =>
      fc
        .sample(connectionTo(place), { seed: seed + i, numRuns: connectionsPerSet })
        .map((connection) => ({ connection, index })),
    )
    .values();
  const one = async (): Promise<void> => {
    for (const { connection, index } of work) {
      const explanation = explainConnection(index, connection);
      const fate = await fateOf(connection);
      const possible = fatesOf(explanation);
      seen.add(`${connection.protocol} ${possible[0] === 'ended by Envoy' ? possible[0] : fate}`);
      if (!possible.includes(fate))
        faults.push(`${JSON.stringify(connection)}: explained ${possible.join(' or ')}, Envoy ${fate}`);
    }
  };
  await Promise.all(Array.from({ length: parallel }, one));

  expect(faults.slice(0, 10), `${faults.length} disagreements; EXPLAIN_SEED=${seed} repeats the run`).toEqual(
    [],
  );
  expect([...seen].sort()).toEqual(
    ['TCP one', 'TCP refused', 'TCP two', 'TLS ended by Envoy', 'TLS one', 'TLS refused', 'TLS two'].sort(),
  );
});

function fatesOf({ route, server, targets, refused, listener }: ConnectionExplanation): Fate[] {
  if (refused.includes('ends TLS itself') && listener !== undefined && server !== undefined)
    return ['ended by Envoy'];
  if (route === undefined || targets.length === 0) return ['refused'];
  return targets.map(({ service, endpoints }) =>
    endpoints.length === 0 ? 'refused' : (service?.split('/')[1] ?? ''),
  );
}

/** Connects: who answers shows in its certificate. A TCP listener does not look whether it is TLS. */
async function fateOf({ address = '', port, sni = 'tcp.test' }: ExplainConnection): Promise<Fate> {
  try {
    using client = await connectStream({ address, port, servername: sni });
    if (client.commonName === own) return 'ended by Envoy';
    const [name = ''] = (await client.ask('x')).split(':');
    return client.commonName === name ? name : 'another certificate';
  } catch {
    return 'refused';
  }
}

const certificateResource: IrResource = {
  kind: 'certificate',
  key: certificate,
  source: { group: '', kind: 'Secret', namespace: 'default', name: 'certificate' },
  uid: 'uid',
  digest: 'digest',
};

/** One loopback address for each set, far from those of other tests. */
async function freePlaces(count: number): Promise<L4Place[]> {
  const net = `127.${130 + Math.floor(Math.random() * 100)}.${Math.floor(Math.random() * 256)}`;
  const [tlsPort, tcpPort] = [await freePort(`${net}.1`), await freePort(`${net}.1`)];
  return Array.from({ length: count }, (_, i) => ({
    name: `set-${i}`,
    address: `${net}.${i + 1}`,
    tlsPort,
    tcpPort,
  }));
}
