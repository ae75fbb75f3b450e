// The ADS endpoint: delta xDS over gRPC. Private keys go over it, so it is a Unix socket that only its owner may open, or
// mutual TLS with certificates that name the Envoy.
import { type Server, type ServerDuplexStream, type ServiceDefinition, status } from '@grpc/grpc-js';
import type {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
} from '@sluice/envoy-api/envoy/service/discovery/v3/discovery_pb.js';
import type { Logger } from '@sluice/service-kit';
import { type EnvoyIdentity, envoyIdentity, mayBe } from '../core/envoy-identity.ts';
import type { XdsResponse } from '../core/xds-messages.ts';
import { type AdsEndpoint, type AdsServer, bindAds } from './ads-endpoint.ts';
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

/**
 * Listens.
 * @throws SluiceError `address-in-use` where another process answers there, `file-unreadable` where there is no key pair,
 *   `address-unusable` for any other reason
 */
export async function listenAds(endpoint: AdsEndpoint, hub: XdsHub, logger: Logger): Promise<AdsServer> {
  const isLocal = endpoint.kind === 'unix';
  return bindAds(endpoint, logger, (server: Server) =>
    server.addService(service, {
      DeltaAggregatedResources: (stream: DeltaStream) =>
        serveStream(stream, { hub, logger, identity: isLocal ? { kind: 'any' } : identityOf(stream) }),
    }),
  );
}

function identityOf(stream: DeltaStream): EnvoyIdentity {
  return envoyIdentity(stream.getAuthContext().sslPeerCertificate?.subjectaltname);
}

function namesOf(response: XdsResponse): string[] {
  return response.resources.map((resource) => resource.name);
}

function serveStream(
  stream: DeltaStream,
  { hub, logger, identity }: { hub: XdsHub; logger: Logger; identity: EnvoyIdentity },
): void {
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
      if (!mayBe(identity, node)) {
        logger.warn({ node: node.slice(0, 200), peer: stream.getPeer() }, 'not a certificate of that Envoy');
        stream.emit('error', {
          code: status.PERMISSION_DENIED,
          details: 'the certificate is not one of this node',
        });
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
