// Raw resources of the IR → Envoy's messages, as they are. The translator has read and judged them with the same types.
import { type DescMessage, fromJson, type JsonValue } from '@bufbuild/protobuf';
import { ClusterSchema } from '@sluice/envoy-api/envoy/config/cluster/v3/cluster_pb.js';
import { ClusterLoadAssignmentSchema } from '@sluice/envoy-api/envoy/config/endpoint/v3/endpoint_pb.js';
import { ListenerSchema } from '@sluice/envoy-api/envoy/config/listener/v3/listener_pb.js';
import { RouteConfigurationSchema } from '@sluice/envoy-api/envoy/config/route/v3/route_pb.js';
import { SecretSchema } from '@sluice/envoy-api/envoy/extensions/transport_sockets/tls/v3/secret_pb.js';
import { registry } from '@sluice/envoy-api/registry';
import { canonicalJson, type IrRawResource, type RawType } from '@sluice/ir';
import { type XdsResource, xdsResource } from './xds-resource.ts';

const schemas: Record<RawType, DescMessage> = {
  listener: ListenerSchema,
  route: RouteConfigurationSchema,
  cluster: ClusterSchema,
  endpoint: ClusterLoadAssignmentSchema,
  secret: SecretSchema,
};

/** The resource; undefined where the message does not fit its type: another version of Sluice wrote it. */
export function compileRaw({ type, name, message, uses, source }: IrRawResource): XdsResource | undefined {
  const schema = schemas[type];
  try {
    // Sorted names give sorted maps, and so equal bytes for equal content.
    const sorted = JSON.parse(canonicalJson(message)) as JsonValue;
    const parts = {
      kind: type,
      name,
      uses: uses.map((use) => ({ kind: use.type, name: use.name })),
      sources: [source],
    };
    return xdsResource(parts, schema, fromJson(schema, sorted, { registry }));
  } catch {
    return undefined;
  }
}
