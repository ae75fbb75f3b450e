// What one more hostname of a TLSRoute costs where there are 1,000: counted, on the real Envoy (ADR 0019).
import {
  connectStream,
  freePort,
  makeCertificate,
  type StreamClient,
  startTcpEcho,
  until,
} from '@sluice/testkit';
import { expect, test } from 'vitest';
import { attached, endpoints, gateway, l4Route, listener, server } from '../testing/ir.ts';
import { Rig } from '../testing/rig.ts';

const many = 1_000;
const key = 'shop/edge/443';
const address = '127.0.0.1';
/** What a hostname may add to its listener, bytes. */
const bytesPerHostname = 1_000;

test('one more hostname beside 1,000 ends no connection, and sends one listener', async () => {
  await using rig = new Rig();
  const pair = await makeCertificate({ dnsNames: ['*.example'] });
  await using backend = await startTcpEcho({ name: 'echo', tls: pair });
  const port = await freePort();
  const names = Array.from({ length: many }, (_, i) => `h${i}.example`);
  const route = (hostnames: string[]) =>
    l4Route('many', ['echo'], { protocol: 'TLS', ...attached(hostnames, { listener: key }) });
  await rig.startServer();
  const envoy = await rig.startEnvoy();
  await rig.apply([
    gateway([address], [key]),
    listener(port, { key, protocol: 'TLS', servers: [server('*', { passthrough: true })] }),
    endpoints('echo', [backend.port]),
    route(names),
  ]);
  const open = (servername: string): Promise<StreamClient> => connectStream({ address, port, servername });
  using stack = new DisposableStack();
  const clients: StreamClient[] = [];
  for (const name of ['h0.example', 'h1.example', `h${many - 1}.example`])
    clients.push(stack.use(await until(() => open(name))));
  const draining = async () =>
    (await envoy.stats('listener_manager'))['listener_manager.total_filter_chains_draining'] ?? 0;

  const sent = await rig.sent();
  const bytes = await rig.sentBytes();
  await rig.apply([route([...names, 'new.example'])]);
  using added = await until(() => open('new.example'));
  expect(await added.ask('x')).toBe('echo:x');

  expect(await draining()).toBe(0);
  for (const client of clients) expect(await client.ask('still')).toBe('echo:still');
  // The listener, and the endpoints of the route, in which its revision stands.
  const { listener: listeners = 0, endpoint = 0 } = sent;
  expect(await rig.sent()).toEqual({ ...sent, listener: listeners + 1, endpoint: endpoint + 1 });
  expect((await rig.sentBytes()) - bytes).toBeLessThan(many * bytesPerHostname);

  // A hostname that goes takes its own connections along, and no other.
  await rig.apply([route(names.slice(1))]);
  await until(async () => (await draining()) > 0);
  expect(await draining()).toBe(2);
  for (const client of clients.slice(1)) expect(await client.ask('still')).toBe('echo:still');
  expect(await rig.rejections()).toEqual([]);
});
