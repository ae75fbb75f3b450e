// What stands behind a Service: no endpoint, endpoints that end, h2c, WebSockets. EndpointSlice v1, Gateway API v1.7.0.
import { type EchoRequest, LoadGenerator, request, serviceObjects, until } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { gateway, httpRoute, path, rule } from '../../harness/objects.ts';
import { useSluice } from '../../harness/use-sluice.ts';
import { startWebsocketBackend } from '../../harness/websocket-backend.ts';

const world = useSluice({
  backends: ['one', 'two', 'steady'],
  manifests: () => ({
    'gateway.yaml': gateway('edge'),
    'routes.yaml': httpRoute('routes', {
      parent: 'edge',
      rules: ['varying', 'unready', 'h2', 'socket', 'steady'].map((name) =>
        rule(name, { matches: [path('PathPrefix', `/${name}`)] }),
      ),
    }),
  }),
});

interface EndpointSetup {
  readonly backend: string;
  readonly conditions?: object;
}

/** Publishes a Service with these endpoints. */
function publish(name: string, endpoints: readonly EndpointSetup[], spec: object = {}): void {
  const { sluice, backend } = world();
  const objects = serviceObjects({
    name,
    endpoints: endpoints.map(({ backend: of, conditions }) => ({
      address: backend(of).address,
      port: backend(of).port,
      ...(conditions === undefined ? {} : { conditions }),
    })),
  }) as { spec?: object }[];
  const [service, ...slices] = objects;
  sluice.write({ [`${name}.yaml`]: [{ ...service, spec: { ...service?.spec, ...spec } }, ...slices] });
}

async function ask(at: string) {
  return request({ ...(await world().sluice.target('edge', 80)), path: at });
}

/** Waits until a path is answered by a backend, or with a status. */
async function answered(at: string, by: string | number) {
  return until(
    async () => {
      const answer = await ask(at);
      const who = answer.status === 200 ? answer.json<EchoRequest>().name : answer.status;
      return who === by ? answer : undefined;
    },
    { message: `${at} to be answered by ${by}` },
  );
}

const ready = { ready: true };
const unready = { ready: false };
/** Still answers, and is about to end. */
const ending = { ready: false, serving: true, terminating: true };
/** About to end, and answers no more. */
const ended = { ready: false, serving: false, terminating: true };

describe('endpoints', () => {
  it('that are all gone are answered 503 with the reason, and served again once one is there', async () => {
    publish('varying', [{ backend: 'one', conditions: ready }]);
    await answered('/varying', 'one');
    publish('varying', []);
    const answer = await answered('/varying', 503);
    expect(answer.body).toMatch(/endpoint|healthy/i);
    publish('varying', [{ backend: 'two', conditions: ready }]);
    await answered('/varying', 'two');
  });

  it('that are not ready take nothing', async () => {
    publish('varying', [{ backend: 'one', conditions: unready }]);
    await answered('/varying', 503);
  });

  it('that end take requests only while none is ready', async () => {
    publish('varying', [{ backend: 'one', conditions: ending }]);
    await answered('/varying', 'one');
    publish('varying', [
      { backend: 'one', conditions: ending },
      { backend: 'two', conditions: ready },
    ]);
    await answered('/varying', 'two');
    const before = world().backend('one').requests;
    for (let i = 0; i < 20; i += 1) expect((await ask('/varying')).json<EchoRequest>().name).toBe('two');
    expect(world().backend('one').requests).toBe(before);
  });

  it('that have ended take nothing, even where there are no others', async () => {
    publish('varying', [{ backend: 'one', conditions: ended }]);
    await answered('/varying', 503);
  });

  it('are taken before they are ready where the Service publishes such', async () => {
    publish('unready', [{ backend: 'one', conditions: unready }], { publishNotReadyAddresses: true });
    await answered('/unready', 'one');
    publish('unready', [{ backend: 'one', conditions: unready }]);
    await answered('/unready', 503);
  });
});

it('a backend with appProtocol kubernetes.io/h2c is spoken to in HTTP/2, and in HTTP/1.1 without it', async () => {
  const { sluice, backend } = world();
  const endpoints = [backend('one')];
  sluice.write({ 'h2.yaml': serviceObjects({ name: 'h2', appProtocol: 'kubernetes.io/h2c', endpoints }) });
  expect((await answered('/h2', 'one')).json<EchoRequest>().protocol).toBe('h2c');
  sluice.write({ 'h2.yaml': serviceObjects({ name: 'h2', endpoints }) });
  await until(async () => (await ask('/h2')).json<EchoRequest>().protocol === 'http1');
});

describe('a WebSocket', () => {
  it('goes through a route, and lives on when other routes, Services and endpoints change', async () => {
    const { sluice } = world();
    await using backend = await startWebsocketBackend();
    sluice.write({
      'socket.yaml': serviceObjects({
        name: 'socket',
        appProtocol: 'kubernetes.io/ws',
        endpoints: [backend],
      }),
    });
    await answered('/socket', 426);
    const { address, port } = await sluice.target('edge', 80);
    const socket = new WebSocket(`ws://${address}:${port}/socket`);
    const closed: number[] = [];
    socket.addEventListener('close', ({ code }) => closed.push(code));
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true });
      socket.addEventListener('error', reject, { once: true });
    });
    await using steady = new LoadGenerator({ address, port, path: '/steady', maxSeconds: 60 });
    for (let round = 0; round < 5; round += 1) {
      sluice.write({
        'other.yaml': httpRoute('other', {
          parent: 'edge',
          rules: [rule('steady', { matches: [path('PathPrefix', `/other/${round}`)] })],
        }),
      });
      await answered(`/other/${round}`, 'steady');
      expect(await echo(socket, `round ${round}`)).toBe(`round ${round}`);
    }
    publish('varying', [{ backend: 'two', conditions: ready }]);
    await answered('/varying', 'two');
    expect(await echo(socket, 'at the end')).toBe('at the end');
    expect(closed).toEqual([]);
    socket.close();
    expect((await steady.stop()).failures).toEqual([]);
  });
});

function echo(socket: WebSocket, text: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    socket.addEventListener('message', ({ data }) => resolve(data), { once: true });
    socket.addEventListener('close', ({ code }) => reject(new Error(`closed with ${code}`)), { once: true });
    socket.send(text);
  });
}
