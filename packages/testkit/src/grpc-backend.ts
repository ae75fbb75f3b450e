// gRPC backends and calls, on bytes: no test needs a schema. A backend answers with its name and what it was sent, so that a
// test sees which one it got.
import { Client, credentials, Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';

/** What a backend answers, as JSON in the bytes of the message. */
export interface GrpcEcho {
  readonly backend: string;
  /** `/<service>/<method>`. */
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly message: string;
}

/** A gRPC server on a port of 127.0.0.1. */
export interface GrpcBackend extends AsyncDisposable {
  readonly port: number;
  /** Calls so far, streams included. */
  count(): number;
}

/** How a call ended. */
export interface GrpcOutcome {
  /** Name of the status: `OK`, `UNAVAILABLE`. */
  readonly code: string;
  readonly details: string;
  /** Only where the call was answered. */
  readonly echo: GrpcEcho | undefined;
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A call or stream to make. */
export interface GrpcTarget {
  /** `host:port`. */
  readonly at: string;
  /** `/<service>/<method>`. */
  readonly path: string;
  /** `:authority`; default: `at`. */
  readonly authority?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly message?: string;
  /** Over TLS: PEM of the authority to trust; the name asked for is the authority of the call. */
  readonly caPem?: string;
  /** Default 10,000. */
  readonly deadlineMs?: number;
}

/** A stream that is answered message for message. */
export interface GrpcStream extends Disposable {
  ask(message: string): Promise<GrpcEcho>;
}

const bytes = (value: Buffer): Buffer => value;
const shape = {
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
};

/** Answers every message of each of these methods (`/<service>/<method>`), be it one or a stream of them; over TLS where a certificate is given. */
export async function startGrpcBackend(options: {
  readonly name: string;
  readonly methods: readonly string[];
  readonly tls?: { readonly chainPem: string; readonly keyPem: string };
}): Promise<GrpcBackend> {
  const server = new Server();
  let calls = 0;
  for (const path of options.methods)
    server.addService(
      { call: { path, requestStream: true, responseStream: true, ...shape } },
      {
        call: (stream: {
          metadata: Metadata;
          on(event: 'data', take: (message: Buffer) => void): void;
          on(event: 'end' | 'error', take: () => void): void;
          write(message: Buffer): void;
          end(): void;
        }) => {
          calls += 1;
          const metadata = plain(stream.metadata);
          stream.on('data', (message) => {
            const echo: GrpcEcho = {
              backend: options.name,
              path,
              metadata,
              message: message.toString('utf8'),
            };
            stream.write(Buffer.from(JSON.stringify(echo)));
          });
          stream.on('end', () => stream.end());
          stream.on('error', () => undefined);
        },
      },
    );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', serverCredentials(options.tls), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return {
    port,
    count: () => calls,
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
}

function serverCredentials(tls: { readonly chainPem: string; readonly keyPem: string } | undefined) {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const pair = { cert_chain: Buffer.from(tls.chainPem), private_key: Buffer.from(tls.keyPem) };
  return ServerCredentials.createSsl(null, [pair]);
}

/** One connection on which calls are made. */
export interface GrpcConnection extends Disposable {
  /** Makes a call. Never throws for a status. */
  call(of?: Pick<GrpcTarget, 'message' | 'deadlineMs'>): Promise<GrpcOutcome>;
}

/** Makes one call on a connection of its own. Never throws for a status. */
export async function callGrpc(target: GrpcTarget): Promise<GrpcOutcome> {
  using connection = openGrpcConnection(target);
  return await connection.call();
}

/** Opens one connection: all calls on it go to the target's path. */
export function openGrpcConnection(target: GrpcTarget): GrpcConnection {
  const client = clientOf(target);
  return {
    call: (of = {}) => callOn(client, { ...target, ...of }),
    [Symbol.dispose]: () => client.close(),
  };
}

function callOn(client: Client, target: GrpcTarget): Promise<GrpcOutcome> {
  let headers: Readonly<Record<string, string>> = {};
  return new Promise<GrpcOutcome>((resolve) => {
    const call = client.makeUnaryRequest(
      target.path,
      bytes,
      bytes,
      Buffer.from(target.message ?? 'hello'),
      metadataOf(target),
      { deadline: Date.now() + (target.deadlineMs ?? 10_000) },
      (error, answer) =>
        resolve({
          code: status[error?.code ?? status.OK] ?? 'UNKNOWN',
          details: error?.details ?? '',
          echo: answer === undefined ? undefined : echoOf(answer),
          headers,
        }),
    );
    call.on('metadata', (metadata) => {
      headers = plain(metadata);
    });
  });
}

/** Opens a stream on a connection of its own. Disposing of it cancels it. */
export function openGrpcStream(target: GrpcTarget): GrpcStream {
  const client = clientOf(target);
  const stream = client.makeBidiStreamRequest<Buffer, Buffer>(target.path, bytes, bytes, metadataOf(target));
  return {
    ask: (message) =>
      new Promise<GrpcEcho>((resolve, reject) => {
        const settle = (act: () => void): void => {
          stream.removeAllListeners('data');
          stream.removeAllListeners('error');
          stream.on('error', () => undefined);
          act();
        };
        stream.on('data', (answer: Buffer) => settle(() => resolve(echoOf(answer))));
        stream.on('error', (error) => settle(() => reject(error)));
        stream.write(Buffer.from(message));
      }),
    [Symbol.dispose]() {
      stream.on('error', () => undefined);
      stream.cancel();
      client.close();
    },
  };
}

function clientOf({ at, authority, caPem }: GrpcTarget): Client {
  const secured =
    caPem === undefined ? credentials.createInsecure() : credentials.createSsl(Buffer.from(caPem));
  return new Client(at, secured, {
    // Each client its own connection, and no retries that would hide a failure.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_retries': 0,
    ...(authority === undefined
      ? {}
      : { 'grpc.default_authority': authority, 'grpc.ssl_target_name_override': authority }),
  });
}

function metadataOf({ metadata }: GrpcTarget): Metadata {
  const made = new Metadata();
  for (const [name, value] of Object.entries(metadata ?? {})) made.set(name, value);
  return made;
}

function plain(metadata: Metadata): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata.getMap()).map(([name, value]) => [name, value.toString()]),
  );
}

function echoOf(answer: Buffer): GrpcEcho {
  return JSON.parse(answer.toString('utf8')) as GrpcEcho;
}
