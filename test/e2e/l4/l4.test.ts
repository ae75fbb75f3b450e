// examples/l4 with real backends: TLS by SNI, a TCP port of a ListenerSet and a UDP port, as a user has them.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import {
  askStream,
  connectStream,
  makeCertificate,
  startTcpEcho,
  startUdpEcho,
  until,
} from '@sluice/testkit';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type Sluice, startSluice } from '../../harness/sluice.ts';

const example = readFileSync(new URL('../../../examples/l4/routes.yaml', import.meta.url), 'utf8');
const stack = new AsyncDisposableStack();
let sluice: Sluice;
/** Port of a backend by the address that the example gives it. */
const ports = new Map<string, number>();

/** The example with backends that this test runs. */
function withBackends(): string {
  return example
    .split('---\n')
    .map((document) => {
      const address = /127\.90\.1\.\d/.exec(document)?.[0] ?? '';
      const port = ports.get(address);
      return port === undefined
        ? document
        : document.replace(address, '127.0.0.1').replace(/port: \d+/, `port: ${port}`);
    })
    .join('---\n');
}

beforeAll(async () => {
  const tls = await makeCertificate({ dnsNames: ['vault.shop.example'] });
  ports.set('127.90.1.1', stack.use(await startTcpEcho({ name: 'vault', tls })).port);
  ports.set('127.90.1.2', stack.use(await startTcpEcho({ name: 'orders' })).port);
  ports.set('127.90.1.3', stack.use(await startUdpEcho({ name: 'dns' })).port);
  sluice = stack.use(await startSluice({ manifests: { 'routes.yaml': withBackends() } }));
});
afterAll(() => stack.disposeAsync());
afterEach((context) => {
  if (context.task.result?.state === 'fail') process.stderr.write(`${sluice?.diagnose() ?? ''}\n`);
});

it('TLS is passed through by SNI to the backend, whose certificate the client sees', async () => {
  const at = await sluice.target('edge', 8443);
  const vault = { ...at, servername: 'vault.shop.example' };
  using client = await until(() => connectStream(vault));
  expect(client.commonName).toBe('vault.shop.example');
  expect(await client.ask('open')).toBe('vault:open');
  await expect(askStream({ ...at, servername: 'other.shop.example' })).rejects.toThrow();
});

it('TCP of a ListenerSet: a connection stays open while its route gets another backend', async () => {
  const at = await sluice.target('edge', 5432);
  await until(async () => (await askStream(at)) === 'orders:hello');
  using client = await connectStream(at);
  expect(await client.ask('before')).toBe('orders:before');
  await using other = await startTcpEcho({ name: 'other' });
  const port = ports.get('127.90.1.2');
  sluice.write({ 'routes.yaml': withBackends().replace(`port: ${port}`, `port: ${other.port}`) });
  await until(async () => (await askStream(at)) === 'other:hello');
  expect(await client.ask('after')).toBe('orders:after');
});

it('UDP: a session of many datagrams from one socket reaches the backend and comes back', async () => {
  const at = await sluice.target('edge', 5353);
  const socket = createSocket('udp4');
  try {
    for (let i = 0; i < 20; i++) {
      const answer = once(socket, 'message', { signal: AbortSignal.timeout(5_000) });
      socket.send(`q${i}`, at.port, at.address);
      const [data] = (await answer) as [Buffer];
      expect(data.toString('utf8')).toBe(`dns:q${i}`);
    }
  } finally {
    socket.close();
  }
});

it('statuses and explanations tell the same', async () => {
  const routes = await Promise.all(
    ['tlsroutes', 'tcproutes', 'udproutes'].map(async (kind) => (await sluice.get(kind))[0]),
  );
  for (const route of routes)
    expect(route?.status?.parents?.[0]?.conditions).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ type: 'Accepted', status: 'True' }),
        expect.objectContaining({ type: 'ResolvedRefs', status: 'True' }),
      ]),
    );
  const { address } = await sluice.target('edge', 8443);
  const explained = await sluice.cli('explain', 'tls', `${address}:8443`, '--sni', 'vault.shop.example');
  expect(explained).toMatchObject({ code: 0, output: expect.stringContaining('TLSRoute/default/vault') });
  const { code, output } = await sluice.cli('explain', 'tcp', `${address}:8443`);
  expect(code).toBe(1);
  expect(output).toContain('speaks TLS');
  const wrong = await sluice.cli('explain', 'tcp', 'orders.example:5432');
  expect(wrong.code).toBe(2);
  expect(wrong.output).toContain('is no IP address, and TCP carries no name');
  // What the user is told at the start is how to reach it.
  for (const url of [`tls://${address}:8443`, `tcp://${address}:5432`, `udp://${address}:5353`])
    expect(sluice.output()).toContain(url);
});
