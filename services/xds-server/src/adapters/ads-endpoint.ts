// Where the ADS server listens, and what keeps others out.
import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { dirname } from 'node:path';
import { experimental, Server, ServerCredentials } from '@grpc/grpc-js';
import { type Logger, SluiceError } from '@sluice/service-kit';
import { TlsFiles } from './tls-files.ts';

/** A Unix socket of mode 0600 (its directory 0700 where made), or a TCP address with mutual TLS. */
export type AdsEndpoint =
  | { readonly kind: 'unix'; readonly path: string }
  | {
      readonly kind: 'tcp';
      /** IPv6 without brackets. */
      readonly host: string;
      /** 0: any that is free. */
      readonly port: number;
      /** Holds tls.crt, tls.key and ca.crt; see `TlsFiles`. */
      readonly tlsDirectory: string;
    };

/** A listening server. */
export interface AdsServer {
  /** The TCP port; 0 for a Unix socket. */
  readonly port: number;
  /** Ends all streams and removes the socket. */
  close(): void;
}

/** An Envoy that reconnects lists all that it has. */
const options = { 'grpc.max_receive_message_length': 64 * 1024 * 1024 };

/**
 * How a peer behind a network is known to be gone. Much longer than an Envoy may be silent: one that hangs is to be known
 * as silent, not as disconnected. On a Unix socket the kernel tells, and there is none of this.
 */
const keepalive = {
  'grpc.keepalive_time_ms': 60_000,
  'grpc.keepalive_timeout_ms': 60_000,
  'grpc.keepalive_permit_without_calls': 1,
};

/** Listens with what `serve` adds. @throws SluiceError as `listenAds` says */
export async function bindAds(
  endpoint: AdsEndpoint,
  logger: Logger,
  serve: (server: Server) => void,
): Promise<AdsServer> {
  return endpoint.kind === 'unix' ? bindUnix(endpoint.path, serve) : bindTls(endpoint, logger, serve);
}

/** A socket that nobody listens on is replaced. */
async function bindUnix(path: string, serve: (server: Server) => void): Promise<AdsServer> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (existsSync(path)) {
    if (await answers(path))
      throw new SluiceError('address-in-use', `another process listens on ${path}`, {
        hint: 'stop the other xds-server',
      });
    rmSync(path);
  }
  const server = new Server(options);
  serve(server);
  // The mode holds from the first moment on: the socket is made under a mask, not changed afterwards.
  const mask = process.umask(0o177);
  try {
    await bind(server, `unix:${path}`, ServerCredentials.createInsecure());
    chmodSync(path, 0o600);
  } finally {
    process.umask(mask);
  }
  return {
    port: 0,
    close: () => {
      server.forceShutdown();
      rmSync(path, { force: true });
    },
  };
}

async function bindTls(
  { host, port, tlsDirectory }: AdsEndpoint & { kind: 'tcp' },
  logger: Logger,
  serve: (server: Server) => void,
): Promise<AdsServer> {
  const files = new TlsFiles(tlsDirectory, logger);
  const server = new Server({ ...options, ...keepalive });
  serve(server);
  try {
    const credentials = experimental.createCertificateProviderServerCredentials(files, files, true);
    const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    const bound = await bind(server, address, credentials);
    return {
      port: bound,
      close: () => {
        files.close();
        server.forceShutdown();
      },
    };
  } catch (error) {
    files.close();
    throw error;
  }
}

/** @returns the port */
async function bind(server: Server, address: string, credentials: ServerCredentials): Promise<number> {
  return new Promise<number>((resolve, reject) => {
    server.bindAsync(address, credentials, (cause, port) =>
      cause === null
        ? resolve(port)
        : reject(new SluiceError('address-unusable', `cannot listen on ${address}`, { cause })),
    );
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createConnection(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}
