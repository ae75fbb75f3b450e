import { createLogger } from '@sluice/service-kit';
import { expect, test } from 'vitest';
import type { SourceUpdate } from '../../core/source.ts';
import { type Answer, objectNamed, page, refuse, send, startFaultyApi } from './faulty-api.fixture.ts';
import { KubernetesSource } from './kubernetes-source.ts';

const logger = createLogger({ service: 'api-watcher', version: '0', replica: 'test', level: 'silent' });
const certificates = { mode: 'Terminate', certificateRefs: [{ kind: 'Secret', name: 'cert' }] };
const listener = { name: 'a', port: 443, protocol: 'HTTPS', tls: certificates };

/** The first update of a source against lists by path; what is not named is empty, and watches stay open. */
async function firstUpdate(
  lists: Readonly<Record<string, readonly object[] | 403>>,
): Promise<{ update: SourceUpdate; refused: string[]; paths: Set<string>; pages: number }> {
  const answer: Answer = ({ path, watch, query }, response) => {
    const name = path.split('/').at(-1) ?? '';
    const list = lists[name] ?? [];
    if (watch) response.writeHead(200).flushHeaders();
    else if (list === 403) refuse(response, 403, 'Forbidden');
    else {
      const from = Number(query.get('continue') ?? 0);
      const to = from + Number(query.get('limit'));
      const metadata = { resourceVersion: '9', continue: to < list.length ? `${to}` : '' };
      send(response, 200, { ...page([], 9), metadata, items: list.slice(from, to) });
    }
  };
  await using server = await startFaultyApi(answer);
  const abort = new AbortController();
  const refused: string[] = [];
  const source = new KubernetesSource({
    api: server.api,
    controllers: new Set(['sluice.dev/gateway-controller']),
    logger,
    observer: {
      trouble: () => {},
      unavailable: () => {},
      refused: ({ ref, faults }, uid) => refused.push(`${ref.name} ${uid} ${faults[0]?.path}`),
    },
  });
  source.start(abort.signal);
  for await (const update of source.updates(abort.signal)) {
    abort.abort();
    const lists = server.asked.filter(({ watch }) => !watch);
    const pages = lists.filter(({ path }) => path.endsWith('/httproutes')).length;
    return { update, refused, paths: new Set(lists.map(({ path }) => path)), pages };
  }
  throw new Error('no update');
}

const gatewayClass = (name: string, controllerName: string): object =>
  objectNamed(name, 1, { metadata: { name, uid: name, resourceVersion: '1' }, spec: { controllerName } });
const gateway = (name: string, gatewayClassName: string): object =>
  objectNamed(name, 1, { spec: { gatewayClassName, listeners: [listener] } });
const secretPath = '/api/v1/namespaces/default/secrets';

test('an object that the API took and that is none is refused alone, and told', async () => {
  const { update, refused } = await firstUpdate({
    services: [objectNamed('good', 1), objectNamed('bad', 1, { spec: { ports: [{ port: 0 }] } })],
  });
  expect([...update.parts.keys()].toSorted()).toEqual([
    'kubernetes/services/default/bad',
    'kubernetes/services/default/good',
  ]);
  expect(update.parts.get('kubernetes/services/default/bad')?.refused).toHaveLength(1);
  expect(refused).toEqual(['bad uid-bad spec.ports[0].port']);
});

test("of Secrets only those of our own Gateways are asked for, by name; one that may not be read is that Secret's fault alone", async () => {
  const { update, paths } = await firstUpdate({
    gatewayclasses: [
      gatewayClass('ours', 'sluice.dev/gateway-controller'),
      gatewayClass('theirs', 'io.cilium/gateway-controller'),
    ],
    gateways: [gateway('gw', 'ours')],
    secrets: 403,
  });
  expect(paths).toContain(secretPath);
  expect(paths).not.toContain('/api/v1/secrets');
  expect(update.unavailable.size).toBe(0);
  expect(update.parts.get('kubernetes/secrets/default/cert')?.refused[0]?.faults[0]?.hint).toBe(
    'allow api-watcher to list and watch secrets in namespace default',
  );

  const foreign = await firstUpdate({
    gatewayclasses: [gatewayClass('theirs', 'io.cilium/gateway-controller')],
    gateways: [gateway('gw', 'theirs')],
    secrets: 403,
  });
  expect(foreign.paths).not.toContain(secretPath);
});

test('10,000 routes come in 20 pages and one update', async () => {
  const routes = Array.from({ length: 10_000 }, (_, i) => objectNamed(`r${i}`, 1, { spec: {} }));
  const { update, pages } = await firstUpdate({ httproutes: routes });
  expect(update.parts.size).toBe(10_000);
  expect(pages).toBe(20);
});

const pod = (i: number, hostPort: number): object =>
  objectNamed(`p${i}`, 1, {
    spec: { nodeName: 'n1', containers: [{ name: 'a', ports: [{ containerPort: 80, hostPort }] }] },
    status: { podIPs: [{ ip: '10.0.0.1' }] },
  });

test('of 10,000 Pods those with host ports are entries, and no others', async () => {
  const pods = Array.from({ length: 10_000 }, (_, i) => pod(i, i === 7_777 ? 80 : 0));
  const { update } = await firstUpdate({ pods });
  expect([...update.parts.keys()]).toEqual(['kubernetes/pods/default/p7777']);
});

test('where Pods may not be read that is told, and nothing waits for it', async () => {
  const { update } = await firstUpdate({ pods: 403, services: [objectNamed('good', 1)] });
  expect([...update.parts.keys()]).toEqual(['kubernetes/services/default/good']);
  expect([...update.unavailable].map(([kind, { unread }]) => [kind, unread])).toEqual([['/Pod', true]]);
});
