import { existsSync, statSync } from 'node:fs';
import { freePort } from '@sluice/event-log';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Backend, type EchoRequest, startBackend } from './backend.ts';
import { makeCa, makeCertificate } from './certificate.ts';
import { describeIf } from './describe-if.ts';
import { type RunningEnvoy, startEnvoy } from './envoy.ts';

import { request, tlsHandshake } from './http-client.ts';
import { LoadGenerator } from './load-generator.ts';
import { isAlive, launch } from './process.ts';
import { hasTool, toolPath } from './tool-path.ts';
import { until } from './until.ts';

describe('launch', () => {
  it('keeps output, resolves on a line, and leaves nothing behind', async () => {
    const process_ = await launch({
      command: process.execPath,
      args: ['-e', 'console.log("up " + process.pid); setInterval(() => {}, 1000)'],
    });
    expect(await process_.waitForLine(/^up \d+$/)).toBe(`up ${process_.pid}`);
    await process_[Symbol.asyncDispose]();
    expect(process_.running).toBe(false);
    expect(isAlive(process_.pid)).toBe(false);
  });

  it('kills what does not end by itself', async () => {
    const stubborn = await launch({
      command: process.execPath,
      args: ['-e', 'process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1000)'],
      stopMs: 100,
    });
    await stubborn.waitForLine(/up/);
    expect(await stubborn.stop()).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('says why when a program ends too early, with its output', async () => {
    const failing = await launch({
      command: process.execPath,
      args: ['-e', 'console.error("no luck"); process.exit(3)'],
    });
    await expect(failing.waitForLine(/ready/)).rejects.toThrow(/ended \(3\)[\s\S]*no luck/);
    await expect(launch({ command: '/nonexistent' })).rejects.toThrow('cannot start');
  });
});

describe('until', () => {
  it('gives the first value, and fails with the words and the last error', async () => {
    let looks = 0;
    expect(await until(() => (++looks < 3 ? undefined : looks), { intervalMs: 1 })).toBe(3);
    const failing = until(() => Promise.reject(new Error('refused')), {
      timeoutMs: 20,
      intervalMs: 1,
      message: 'the server',
    });
    await expect(failing).rejects.toMatchObject({
      message: expect.stringContaining('the server'),
      cause: { message: 'refused' },
    });
  });
});

const missing = hasTool('envoy') ? undefined : 'no envoy';
describeIf(missing)('a real Envoy between client and backend', () => {
  let envoy: RunningEnvoy;
  let backend: Backend;
  let h2c: Backend;
  let port: number;
  let tlsPort: number;
  let ca: string;
  const stack = new AsyncDisposableStack();

  beforeAll(async () => {
    backend = stack.use(await startBackend({ name: 'one' }));
    h2c = stack.use(await startBackend({ name: 'two' }));
    [port, tlsPort] = [await freePort(), await freePort()];
    const authority = await makeCa();
    ca = authority.pem;
    const certificate = await makeCertificate({ dnsNames: ['shop.example'], ca: authority });
    envoy = stack.use(
      await startEnvoy({ bootstrap: bootstrap({ port, tlsPort, backend, h2c, certificate }) }),
    );
  });
  afterAll(() => stack.disposeAsync());

  it('is reached with any Host, and the backend tells what it saw', async () => {
    const answer = await request({
      address: '127.0.0.1',
      port,
      host: 'shop.example:81',
      path: '/a?b=c',
      headers: { 'x-test': '1' },
    });
    expect(answer.status).toBe(200);
    expect(answer.json<EchoRequest>()).toMatchObject({
      name: 'one',
      protocol: 'http1',
      path: '/a?b=c',
      host: 'shop.example:81',
      headers: { 'x-test': '1' },
    });
  });

  it('speaks h2c to a backend, with a body', async () => {
    const answer = await request({ address: '127.0.0.1', port, host: 'h2c', method: 'POST', body: 'hello' });
    expect(answer.json<EchoRequest>()).toMatchObject({
      name: 'two',
      protocol: 'h2c',
      method: 'POST',
      host: 'h2c',
      body: 'hello',
    });
  });

  it('shows its configuration and its figures on a private socket', async () => {
    expect(statSync(envoy.adminSocket).mode & 0o777).toBe(0o600);
    expect(Object.keys(await envoy.configDump())).toContain('ListenersConfigDump');
    expect(
      (await envoy.stats('cluster.one.upstream_rq_total'))['cluster.one.upstream_rq_total'],
    ).toBeGreaterThan(0);
  });

  it('presents its certificate by SNI, over HTTP/1.1 and HTTP/2', async () => {
    const tls = { servername: 'shop.example', ca };
    expect(await tlsHandshake({ address: '127.0.0.1', port: tlsPort, tls })).toMatchObject({
      dnsNames: ['shop.example'],
      alpn: 'h2',
      authorized: true,
    });
    for (const http2 of [false, true]) {
      expect(
        (await request({ address: '127.0.0.1', port: tlsPort, host: 'shop.example', tls, http2 })).status,
      ).toBe(200);
    }
    // The name asked for is that of `tls`, not that of the Host header.
    for (const http2 of [false, true]) {
      const free = await request({
        address: '127.0.0.1',
        port: tlsPort,
        host: 'elsewhere.example',
        tls,
        http2,
      });
      expect(free.json<EchoRequest>().host).toBe('elsewhere.example');
    }
    const other = { servername: 'other.example', ca };
    expect((await tlsHandshake({ address: '127.0.0.1', port: tlsPort, tls: other })).authorized).toBe(false);
    await expect(request({ address: '127.0.0.1', port: tlsPort, tls: other })).rejects.toThrow(/altnames/);
  });

  it('is watched by the load generator, which counts what fails', async () => {
    const before = backend.requests;
    await using load = new LoadGenerator({ address: '127.0.0.1', port, ratePerSecond: 200, maxSeconds: 10 });
    await until(() => load.answered >= 20);
    backend.respond(() => ({ status: 503 }));
    await until(() => load.failed >= 3);
    backend.respond(() => ({ instead: 'reset' }));
    await until(() => load.failed >= 6);
    backend.respond(undefined);
    const failed = await until(() => (load.answered >= 60 ? load.failed : undefined));
    const report = await load.stop();
    expect(report.sent).toBe(report.byStatus[200] !== undefined ? report.byStatus[200] + report.failed : -1);
    expect(report.failed).toBeGreaterThanOrEqual(failed);
    expect(report.failures[0]).toMatchObject({ what: 'status 503' });
    expect(backend.requests - before).toBe(report.sent);
    expect(report.latenciesMs.length).toBe(Object.values(report.byStatus).reduce((sum, n) => sum + n, 0));
  });

  it('asks each place in turn', async () => {
    const asked: string[] = [];
    backend.respond(({ host, path }) => {
      asked.push(`${host}${path}`);
      return {};
    });
    await using load = new LoadGenerator({
      address: '127.0.0.1',
      port,
      connections: 1,
      place: (n) => ({ host: `h${n % 2}.example`, path: `/${n}` }),
    });
    await until(() => load.answered >= 3);
    await load.stop();
    backend.respond(undefined);
    expect(asked.slice(0, 3)).toEqual(['h0.example/0', 'h1.example/1', 'h0.example/2']);
  });

  it('ends with its process', async () => {
    await stack.disposeAsync();
    expect(isAlive(envoy.process.pid)).toBe(false);
    expect(existsSync(envoy.adminSocket)).toBe(false);
    await expect(request({ address: '127.0.0.1', port })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(request({ address: '127.0.0.1', port: backend.port })).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
  });
});

describe('toolPath', () => {
  it('gives an absolute path', () => {
    expect(toolPath('nats-server')).toMatch(/^\/.*nats-server$/);
  });
});

interface BootstrapParts {
  readonly port: number;
  readonly tlsPort: number;
  readonly backend: Backend;
  readonly h2c: Backend;
  readonly certificate: { readonly chainPem: string; readonly keyPem: string };
}

function bootstrap({ port, tlsPort, backend, h2c, certificate }: BootstrapParts): object {
  const type = (name: string): string => `type.googleapis.com/envoy.${name}`;
  const manager = {
    name: 'http',
    typed_config: {
      '@type': type('extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
      stat_prefix: 'test',
      http_filters: [
        { name: 'router', typed_config: { '@type': type('extensions.filters.http.router.v3.Router') } },
      ],
      route_config: {
        virtual_hosts: [
          { name: 'h2c', domains: ['h2c'], routes: [{ match: { prefix: '/' }, route: { cluster: 'two' } }] },
          { name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster: 'one' } }] },
        ],
      },
    },
  };
  const listener = (name: string, bindPort: number, chain: object) => ({
    name,
    address: { socket_address: { address: '127.0.0.1', port_value: bindPort } },
    filter_chains: [{ filters: [manager], ...chain }],
  });
  const tls = {
    '@type': type('extensions.transport_sockets.tls.v3.DownstreamTlsContext'),
    common_tls_context: {
      alpn_protocols: ['h2', 'http/1.1'],
      tls_certificates: [
        {
          certificate_chain: { inline_string: certificate.chainPem },
          private_key: { inline_string: certificate.keyPem },
        },
      ],
    },
  };
  const cluster = (name: string, to: Backend, more: object) => ({
    name,
    connect_timeout: '1s',
    load_assignment: {
      cluster_name: name,
      endpoints: [
        {
          lb_endpoints: [
            { endpoint: { address: { socket_address: { address: to.address, port_value: to.port } } } },
          ],
        },
      ],
    },
    ...more,
  });
  const http2 = {
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': type('extensions.upstreams.http.v3.HttpProtocolOptions'),
        explicit_http_config: { http2_protocol_options: {} },
      },
    },
  };
  return {
    static_resources: {
      listeners: [
        listener('plain', port, {}),
        listener('tls', tlsPort, { transport_socket: { name: 'tls', typed_config: tls } }),
      ],
      clusters: [cluster('one', backend, {}), cluster('two', h2c, http2)],
    },
  };
}
