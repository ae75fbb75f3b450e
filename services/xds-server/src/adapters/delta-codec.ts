// Delta xDS messages to and from the core's own form.
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import {
  type DeltaDiscoveryRequest,
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
  DeltaDiscoveryResponseSchema,
} from '@sluice/envoy-api/envoy/service/discovery/v3/discovery_pb.js';
import { kindOfTypeUrl, typeUrls } from '../core/type-urls.ts';
import type { XdsRequest, XdsResponse } from '../core/xds-messages.ts';

/** Code of a refusal without words (google.rpc.Code.UNKNOWN). */
const unnamed = 'Envoy refused the response without a reason';

/** The bytes of a request. Throws on what is no such message. */
export function decodeRequest(bytes: Buffer): DeltaDiscoveryRequest {
  return fromBinary(DeltaDiscoveryRequestSchema, bytes);
}

/** The request in the core's form; undefined for a type that is not served. */
export function toXdsRequest(message: DeltaDiscoveryRequest): XdsRequest | undefined {
  const kind = kindOfTypeUrl(message.typeUrl);
  if (kind === undefined) return undefined;
  return {
    kind,
    subscribe: message.resourceNamesSubscribe,
    unsubscribe: message.resourceNamesUnsubscribe,
    initialVersions: new Map(Object.entries(message.initialResourceVersions)),
    nonce: message.responseNonce,
    error: message.errorDetail === undefined ? undefined : message.errorDetail.message || unnamed,
  };
}

/** The message of a response. */
export function toResponse(response: XdsResponse): DeltaDiscoveryResponse {
  const typeUrl = typeUrls[response.kind];
  return create(DeltaDiscoveryResponseSchema, {
    typeUrl,
    nonce: response.nonce,
    removedResources: [...response.removed],
    resources: response.resources.map((resource) => ({
      name: resource.name,
      version: resource.version,
      resource: create(AnySchema, { typeUrl, value: resource.body }),
    })),
  });
}

/** The bytes of a response. */
export function encodeResponse(message: DeltaDiscoveryResponse): Buffer {
  const { buffer, byteOffset, byteLength } = toBinary(DeltaDiscoveryResponseSchema, message);
  return Buffer.from(buffer, byteOffset, byteLength);
}
