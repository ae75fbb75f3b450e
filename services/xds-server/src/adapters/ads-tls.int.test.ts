// xds-server behind a network: mutual TLS, the certificate says who an Envoy may be, and keys change without a gap.
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import { Client, credentials, status } from '@grpc/grpc-js';
import { DeltaDiscoveryRequestSchema } from '@sluice/envoy-api/envoy/service/discovery/v3/discovery_pb.js';
import {
  makeCa,
  makeCertificate,
  startEnvoy,
  type TestCa,
  type TestCertificate,
  until,
} from '@sluice/testkit';
import { expect, test } from 'vitest';
import { envoyBootstrap } from '../core/bootstrap.ts';
import { xdsSecretFiles } from '../core/bootstrap-xds-cluster.ts';
import { typeUrls } from '../core/type-urls.ts';
import { cluster, endpoints } from '../testing/ir.ts';
import { Rig } from '../testing/rig.ts';

const host = 'localhost';

function certificateOf(ca: TestCa, uri?: string): Promise<TestCertificate> {
  return makeCertificate({
    ca,
    dnsNames: [host],
    uris: uri === undefined ? [] : [`spiffe://test/sluice/${uri}`],
  });
}

/** Puts a set of files in place as a kubelet does: the whole directory changes with one rename. */
function mount(directory: string, pair: TestCertificate, version: string): void {
  const data = join(directory, `..${version}`);
  mkdirSync(data, { recursive: true });
  writeFileSync(join(data, 'tls.crt'), pair.chainPem);
  writeFileSync(join(data, 'tls.key'), pair.keyPem);
  writeFileSync(join(data, 'ca.crt'), pair.caPem);
  symlinkSync(`..${version}`, join(directory, '..next'));
  renameSync(join(directory, '..next'), join(directory, '..data'));
  if (version !== 'first') return;
  for (const name of ['tls.crt', 'tls.key', 'ca.crt']) symlinkSync(`..data/${name}`, join(directory, name));
}

function directory(rig: Rig, name: string): string {
  const path = rig.dir.file(name);
  mkdirSync(path);
  return path;
}

async function startRig(ca: TestCa): Promise<{ rig: Rig; tlsDirectory: string }> {
  const holder: { tlsDirectory?: string } = {};
  const rig = new Rig({
    endpoint: (port) => ({ kind: 'tcp', host: '127.0.0.1', port, tlsDirectory: holder.tlsDirectory ?? '' }),
  });
  holder.tlsDirectory = directory(rig, 'server-tls');
  mount(holder.tlsDirectory, await certificateOf(ca), 'first');
  return { rig, tlsDirectory: holder.tlsDirectory };
}

/** Asks for clusters as `node` and resolves with the status that ends the stream, or 0 once there is an answer. */
async function ask(port: number, of: { ca: TestCa; pair?: TestCertificate; node: string }): Promise<number> {
  const pem = (text: string | undefined) => (text === undefined ? null : Buffer.from(text));
  const channel = credentials.createSsl(Buffer.from(of.ca.pem), pem(of.pair?.keyPem), pem(of.pair?.chainPem));
  const client = new Client(`${host}:${port}`, channel);
  try {
    const stream = client.makeBidiStreamRequest(
      '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
      (request: Uint8Array) => Buffer.from(request),
      (answer: Buffer) => answer,
    );
    const request = create(DeltaDiscoveryRequestSchema, { node: { id: of.node }, typeUrl: typeUrls.cluster });
    const ended = new Promise<number>((resolve) => {
      stream.on('data', () => resolve(status.OK));
      stream.on('error', (error: { code?: number }) => resolve(error.code ?? -1));
    });
    stream.write(toBinary(DeltaDiscoveryRequestSchema, request));
    return await ended;
  } finally {
    client.close();
  }
}

test('the certificate says which node an Envoy may be', async () => {
  const ca = await makeCa();
  const { rig } = await startRig(ca);
  await using _ended = rig;
  const { port } = await rig.startServer();
  await rig.commit([cluster('web'), endpoints('web', [1])]);
  const as = async (node: string, uri?: string) =>
    ask(port, { ca, pair: await certificateOf(ca, uri), node });
  expect(await as('node-1', 'envoy')).toBe(status.OK);
  expect(await as('node-1', 'envoy/node-1')).toBe(status.OK);
  expect(await as('node-2', 'envoy/node-1')).toBe(status.PERMISSION_DENIED);
  expect(await as('node-1', 'translator')).toBe(status.PERMISSION_DENIED);
  expect(await ask(port, { ca, node: 'node-1' })).toBe(status.UNAVAILABLE);
  const stranger = await certificateOf(await makeCa(), 'envoy');
  expect(await ask(port, { ca, pair: stranger, node: 'node-1' })).toBe(status.UNAVAILABLE);
});

test('the real Envoy connects with mutual TLS, and goes on with new keys of a new authority', async () => {
  const ca = await makeCa();
  const { rig, tlsDirectory: serverDirectory } = await startRig(ca);
  await using _ended = rig;
  const { port } = await rig.startServer();
  const tlsDirectory = directory(rig, 'envoy-tls');
  mount(tlsDirectory, await certificateOf(ca, 'envoy/node-1'), 'first');
  const xdsTls = { host, port, tlsDirectory, configDirectory: rig.dir.path };
  for (const [name, text] of Object.entries(xdsSecretFiles(xdsTls))) writeFileSync(rig.dir.file(name), text);
  await using _envoy = await startEnvoy({
    bootstrap: envoyBootstrap({ nodeId: 'node-1', nodeCluster: 'test', xdsTls }),
    waitFor: 'started',
  });
  const first = await rig.commit([cluster('web'), endpoints('web', [1])]);
  await rig.acked(first, 'node-1');

  const next = await makeCa('The next authority');
  mount(serverDirectory, await certificateOf(next), 'second');
  const stranger = { ca: next, pair: await certificateOf(next, 'envoy/node-2'), node: 'node-2' };
  await until(async () => (await ask(port, stranger)) === status.OK);
  // The connection that is there is not cut by that.
  await rig.acked(await rig.commit([endpoints('web', [2])]), 'node-1');
  mount(tlsDirectory, await certificateOf(next, 'envoy/node-1'), 'second');
  await rig.stopServer();
  await rig.startServer(port);
  await rig.acked(await rig.commit([endpoints('web', [3])]), 'node-1');
});
