// The ADS endpoint: delta xDS over gRPC on a Unix socket that only its owner may open, since private keys go over it.
import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { dirname } from 'node:path';
import { Server, ServerCredentials, type ServerDuplexStream, type ServiceDefinition } from '@grpc/grpc-js';
import type {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
} from '@sluice/envoy-api/envoy/service/discovery/v3/discovery_pb.js';
import { type Logger, SluiceError } from '@sluice/service-kit';
import type { XdsResponse } from '../core/xds-messages.ts';
import { decodeRequest, encodeResponse, toResponse, toXdsRequest } from './delta-codec.ts';
import type { HubStream, XdsHub } from './xds-hub.ts';

type DeltaStream = ServerDuplexStream<DeltaDiscoveryRequest, DeltaDiscoveryResponse>;

const service: ServiceDefinition = {
  DeltaAggregatedResources: {
    path: '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
    requestStream: true,
    responseStream: true,
    requestSerialize: () => {
      throw new TypeError('a server serialises no request');
    },
    requestDeserialize: decodeRequest,
    responseSerialize: encodeResponse,
    responseDeserialize: () => {
      throw new TypeError('a server reads no response');
    },
  },
};

/** A listening server. */
export interface AdsServer {
  /** Ends all streams and removes the socket. */
  close(): void;
}

/**
 * Listens on the Unix socket `path` (mode 0600, its directory 0700 where made). A socket that nobody listens on is
 * replaced.
 * @throws SluiceError `address-in-use` where another process answers there, `address-unusable` for any other reason
 */
export async function listenAds(path: string, hub: XdsHub, logger: Logger): Promise<AdsServer> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (existsSync(path)) {
    if (await answers(path))
      throw new SluiceError('address-in-use', `another process listens on ${path}`, {
        hint: 'stop the other xds-server',
      });
    rmSync(path);
  }
  // No keepalive: the kernel tells when a process at the other end of a Unix socket is gone, and one that hangs is to be
  // known as silent, not as disconnected.
  const server = new Server({
    // An Envoy that reconnects lists all that it has.
    'grpc.max_receive_message_length': 64 * 1024 * 1024,
  });
  server.addService(service, {
    DeltaAggregatedResources: (stream: DeltaStream) => serveStream(stream, hub, logger),
  });
  await bind(server, path);
  return {
    close: () => {
      server.forceShutdown();
      rmSync(path, { force: true });
    },
  };
}

/** The mode holds from the first moment on: the socket is made under a mask, not changed afterwards. */
async function bind(server: Server, path: string): Promise<void> {
  const mask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) =>
        error === null ? resolve() : reject(error),
      );
    });
    chmodSync(path, 0o600);
  } catch (cause) {
    throw new SluiceError('address-unusable', `cannot listen on ${path}`, { cause });
  } finally {
    process.umask(mask);
  }
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

function namesOf(response: XdsResponse): string[] {
  return response.resources.map((resource) => resource.name);
}

function serveStream(stream: DeltaStream, hub: XdsHub, logger: Logger): void {
  let hubStream: HubStream | undefined;
  const close = (): void => {
    hubStream?.close();
    hubStream = undefined;
  };
  stream.on('data', (message: DeltaDiscoveryRequest) => {
    const request = toXdsRequest(message);
    if (request === undefined) {
      logger.warn({ typeUrl: message.typeUrl.slice(0, 200) }, 'type is not served');
      return;
    }
    if (hubStream === undefined) {
      const node = message.node?.id ?? '';
      if (node === '') {
        stream.destroy(new Error('the first request names no node'));
        return;
      }
      logger.info({ node, envoy: message.node?.userAgentName }, 'envoy connected');
      hubStream = hub.connect(node, (response) => {
        logger.trace(
          {
            node,
            kind: response.kind,
            nonce: response.nonce,
            removed: response.removed,
            names: namesOf(response),
          },
          'response',
        );
        stream.write(toResponse(response));
      });
    }
    logger.trace({ ...request, initialVersions: request.initialVersions.size }, 'request');
    hubStream.receive(request);
  });
  stream.on('end', () => {
    close();
    stream.end();
  });
  stream.on('error', (error) => {
    logger.debug({ reason: error.message }, 'stream ended');
    close();
  });
  stream.on('cancelled', close);
}
