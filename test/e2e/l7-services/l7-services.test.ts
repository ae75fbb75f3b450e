// Services that ask for a balancing of each request, from the annotation to real servers behind the real Envoy.
import {
  callGrpc,
  type GrpcBackend,
  openGrpcConnection,
  serviceObjects,
  startBackend,
  startGrpcBackend,
  until,
} from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { condition, type ObjectStatus } from '../../harness/objects.ts';
import { type Sluice, startSluice } from '../../harness/sluice.ts';

const path = '/shop.v1.Orders/Get';
const stack = new AsyncDisposableStack();
let sluice: Sluice;
let grpc: readonly GrpcBackend[];
let http: Awaited<ReturnType<typeof startBackend>>[];

type ServiceStatus = ObjectStatus & {
  readonly loadBalancer?: { readonly ingress: readonly { ip: string }[] };
};

/** Objects of a Service with an annotation, and its endpoints at 127.0.0.1. */
function service(name: string, ports: readonly number[], annotations: Record<string, string>): object[] {
  const endpoints = ports.map((port) => ({ address: '127.0.0.1', port }));
  const [object, ...slices] = serviceObjects({ name, endpoints });
  return [{ ...object, metadata: { name, namespace: 'default', annotations } }, ...slices];
}

const asked = (algorithm: string) => ({
  'service.cilium.io/lb-l7': 'enabled',
  'service.cilium.io/lb-l7-algorithm': algorithm,
});

async function statusOf(name: string): Promise<ServiceStatus | undefined> {
  return (await sluice.find('services', name))?.status as ServiceStatus | undefined;
}

async function addressOf(name: string): Promise<string> {
  return await until(async () => {
    const status = await statusOf(name);
    const programmed = condition(status?.conditions, 'sluice.dev/L7Programmed')?.status === 'True';
    return programmed ? status?.loadBalancer?.ingress[0]?.ip : undefined;
  });
}

beforeAll(async () => {
  grpc = await Promise.all(
    ['a', 'b', 'c'].map(async (name) => stack.use(await startGrpcBackend({ name, methods: [path] }))),
  );
  http = await Promise.all(['x', 'y'].map(async (name) => stack.use(await startBackend({ name }))));
  const ports = grpc.map(({ port }) => port);
  sluice = stack.use(
    await startSluice({
      manifests: {
        'orders.yaml': service('orders', ports, asked('round_robin')),
        'web.yaml': service(
          'web',
          http.map(({ port }) => port),
          asked('random'),
        ),
        'typo.yaml': service('typo', [], { 'service.cilium.io/lb-l7': 'true' }),
        'plain.yaml': service('plain', [], {}),
      },
    }),
  );
});
afterAll(() => stack.disposeAsync());

describe('a Service that asks for a balancing of each request', () => {
  it('sends calls of one gRPC connection to all endpoints, in turn', async () => {
    const at = `${await addressOf('orders')}:8080`;
    using connection = openGrpcConnection({ at, path });
    const answers = [];
    for (let i = 0; i < 30; i++) answers.push(await connection.call());
    expect(answers.map(({ code }) => code)).toEqual(Array(30).fill('OK'));
    const backends = Map.groupBy(answers, ({ echo }) => echo?.backend);
    expect([...backends.keys()].sort()).toEqual(['a', 'b', 'c']);
    for (const calls of backends.values()) expect(calls.length).toBe(10);
  });

  it('another algorithm changes the cluster alone, and an endpoint the endpoints alone', async () => {
    const puts = async () => {
      const { stdout } = await sluice.cli('log', '--stream', 'IR', '-o', 'json');
      return [...stdout.matchAll(/"subject":\s*"(ir\.v1\.[^"]*orders[^"]*)"/g)].map(([, subject]) => subject);
    };
    const before = await puts();
    const ports = grpc.map(({ port }) => port);
    sluice.write({ 'orders.yaml': service('orders', ports, asked('least-request')) });
    await until(async () => (await puts()).length > before.length);
    sluice.write({ 'orders.yaml': service('orders', ports.slice(1), asked('least-request')) });
    const isGone = async () => {
      const calls = await Promise.all(
        Array.from({ length: 12 }, () => callGrpc({ at: `${address}:8080`, path })),
      );
      return calls.every(({ code, echo }) => code === 'OK' && echo?.backend !== 'a');
    };
    const address = await addressOf('orders');
    await until(isGone);
    const changed = (await puts()).slice(before.length).map((subject) => subject?.split('.')[3]);
    expect(new Set(changed)).toEqual(new Set(['cluster', 'endpoint-group']));
  });

  it('serves HTTP/1 at the same kind of listener, with the Host as it was sent', async () => {
    const address = await addressOf('web');
    const seen = new Set<string>();
    await until(async () => {
      const answer = await fetch(`http://${address}:8080/some/path?q=1`);
      expect(answer.status).toBe(200);
      seen.add(((await answer.json()) as { name: string }).name);
      return seen.size === 2;
    });
    const { stdout } = await sluice.cli('explain', 'GET', `http://${address}:8080/some/path`);
    expect(stdout).toMatch(/of +Service default\/web/);
    expect(stdout).toMatch(/service:default\/web\/8080/);
  });

  it('is told by `get services`, and a value that is not known by its condition', async () => {
    const { stdout } = await sluice.cli('get', 'services');
    expect(stdout).toMatch(/^default +orders +ClusterIP +8080\/TCP +\S+ +127\.\S+ +True +-$/m);
    expect(stdout).toMatch(/^default +web +ClusterIP +8080\/TCP +random +127\.\S+ +True +-$/m);
    expect(stdout).toMatch(/^default +typo +ClusterIP +8080\/TCP +refused +- +- +-$/m);
    expect(stdout).toMatch(/^default +plain +ClusterIP +8080\/TCP +- +- +- +-$/m);
    const typo = condition((await statusOf('typo'))?.conditions, 'sluice.dev/L7Accepted');
    expect(typo).toMatchObject({ status: 'False', reason: 'InvalidAnnotation' });
    expect(typo?.message).toContain('did you mean "enabled"');
    expect(sluice.output()).toMatch(/Service\/default\/web +http:\/\/127\.\S+:8080\//);
  });

  it('gives its address back when the annotation goes', async () => {
    const address = await addressOf('web');
    sluice.write({ 'web.yaml': service('web', [http[0]?.port ?? 0], {}) });
    await until(async () => (await statusOf('web')) === undefined);
    await until(() =>
      fetch(`http://${address}:8080/`).then(
        () => false,
        () => true,
      ),
    );
  });
});
