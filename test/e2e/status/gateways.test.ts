// Gateway API v1.7.0: status of GatewayClasses, Gateways and their listeners.
import { until } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import {
  condition,
  gateway,
  httpListener,
  httpRoute,
  httpsListener,
  type KubeObject,
  rule,
} from '../../harness/objects.ts';
import { useSluice } from '../../harness/use-sluice.ts';

const world = useSluice({
  backends: ['one'],
  manifests: () => ({
    'good.yaml': [
      gateway('good', [httpListener(), httpListener({ name: 'shop', hostname: 'shop.example' })]),
    ],
    'cilium.yaml': gateway('cilium', undefined, { spec: { gatewayClassName: 'cilium' } }),
    'other.yaml': [
      {
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'GatewayClass',
        metadata: { name: 'somebody-elses' },
        spec: { controllerName: 'example.com/other' },
      },
      gateway('other', undefined, { spec: { gatewayClassName: 'somebody-elses' } }),
    ],
    'classless.yaml': gateway('classless', undefined, { spec: { gatewayClassName: 'absent' } }),
    'conflict.yaml': gateway('conflict', [
      httpListener({ name: 'plain', port: 8443 }),
      { ...httpsListener('tls', 'a.example', 'absent-tls'), port: 8443 },
      httpListener({ name: 'fine', hostname: 'b.example' }),
    ]),
    'own.yaml': gateway('own', [httpListener(), { name: 'own', protocol: 'example.com/own', port: 5353 }]),
    'route.yaml': httpRoute('route', { parent: 'good', rules: [rule('one')] }),
  }),
});

async function find(name: string): Promise<KubeObject> {
  const found = await world().sluice.find('gateways', name);
  if (found === undefined) throw new Error(`no Gateway ${name}`);
  return found;
}

async function listenerOf(name: string, listener: string) {
  const found = (await find(name)).status?.listeners?.find((candidate) => candidate.name === listener);
  if (found === undefined) throw new Error(`no listener ${listener} in the status of ${name}`);
  return found;
}

it.each(['sluice', 'cilium'])('the class %s exists from the start and is accepted', async (name) => {
  const found = (await world().sluice.get('gatewayclasses')).find(({ metadata }) => metadata.name === name);
  expect(condition(found?.status?.conditions, 'Accepted')).toMatchObject({
    status: 'True',
    reason: 'Accepted',
  });
});

describe.each(['good', 'cilium'])('a good Gateway (%s)', (name) => {
  it('is accepted and programmed at its generation, with an address', async () => {
    const { metadata, status } = await find(name);
    for (const type of ['Accepted', 'Programmed']) {
      expect(condition(status?.conditions, type)).toMatchObject({
        status: 'True',
        reason: type,
        observedGeneration: metadata.generation,
      });
    }
    expect(status?.addresses).toEqual([{ type: 'IPAddress', value: expect.stringMatching(/^127\./) }]);
  });
});

it('each listener tells its conditions, kinds and routes', async () => {
  for (const name of ['http', 'shop']) {
    const listener = await listenerOf('good', name);
    expect(listener).toMatchObject({
      attachedRoutes: 1,
      supportedKinds: ['GRPCRoute', 'HTTPRoute'].map((kind) => ({
        group: 'gateway.networking.k8s.io',
        kind,
      })),
    });
    for (const type of ['Accepted', 'Programmed', 'ResolvedRefs'])
      expect(condition(listener.conditions, type)?.status, type).toBe('True');
  }
});

it('a Gateway of a class that is not ours is left alone', async () => {
  const { status } = await find('other');
  expect(status?.conditions ?? []).toEqual([]);
  expect(status?.addresses ?? []).toEqual([]);
});

it('a Gateway of a class that does not exist is told so: here nobody else can', async () => {
  const { status } = await find('classless');
  expect(condition(status?.conditions, 'Accepted')).toMatchObject({
    status: 'Unknown',
    message: expect.stringContaining('absent'),
  });
  expect(condition(status?.conditions, 'Programmed')?.status).toBe('Unknown');
  expect(condition(status?.conditions, 'ResolvedRefs')).toBeUndefined();
  expect(status?.listeners ?? []).toEqual([]);
});

describe('a listener that cannot be served', () => {
  it('says which conflict it is in, and the others are served', async () => {
    for (const name of ['plain', 'tls']) {
      const { conditions } = await listenerOf('conflict', name);
      expect(condition(conditions, 'Conflicted')).toMatchObject({
        status: 'True',
        reason: 'ProtocolConflict',
      });
    }
    expect(condition((await listenerOf('conflict', 'fine')).conditions, 'Programmed')).toMatchObject({
      status: 'True',
    });
    expect(condition((await find('conflict')).status?.conditions, 'Accepted')).toMatchObject({
      status: 'True',
      reason: 'ListenersNotValid',
    });
  });

  it('says that its protocol is not supported', async () => {
    const { conditions } = await listenerOf('own', 'own');
    expect(condition(conditions, 'Accepted')).toMatchObject({
      status: 'False',
      reason: 'UnsupportedProtocol',
    });
    expect(condition((await listenerOf('own', 'http')).conditions, 'Programmed')).toMatchObject({
      status: 'True',
    });
  });
});

it('a change raises the observed generation; what has not changed keeps its time', async () => {
  const before = await find('good');
  const other = await find('cilium');
  world().sluice.write({ 'good.yaml': gateway('good', [httpListener()]) });
  const after = await until(
    async () => {
      const now = await find('good');
      const programmed = condition(now.status?.conditions, 'Programmed');
      return now.metadata.generation !== before.metadata.generation &&
        programmed?.observedGeneration === now.metadata.generation
        ? now
        : undefined;
    },
    { intervalMs: 200 },
  );
  expect(after.status?.listeners?.map(({ name }) => name)).toEqual(['http']);
  expect(condition(after.status?.conditions, 'Accepted')?.lastTransitionTime).toBe(
    condition(before.status?.conditions, 'Accepted')?.lastTransitionTime,
  );
  expect(await find('cilium')).toEqual(other);
});

it('attachedRoutes follows the routes', async () => {
  world().sluice.write({ 'route.yaml': null });
  await until(async () => (await listenerOf('good', 'http')).attachedRoutes === 0, {
    intervalMs: 200,
  });
});
