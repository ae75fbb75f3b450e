// The whole IR → all Envoy resources, for tools: `sluice get xds`, `replay --verify`, goldens.
import { type DescMessage, fromBinary, type JsonValue, toJson } from '@bufbuild/protobuf';
import { ClusterSchema } from '@sluice/envoy-api/envoy/config/cluster/v3/cluster_pb.js';
import { ClusterLoadAssignmentSchema } from '@sluice/envoy-api/envoy/config/endpoint/v3/endpoint_pb.js';
import { ListenerSchema } from '@sluice/envoy-api/envoy/config/listener/v3/listener_pb.js';
import { RouteConfigurationSchema } from '@sluice/envoy-api/envoy/config/route/v3/route_pb.js';
import { ScopedRouteConfigurationSchema } from '@sluice/envoy-api/envoy/config/route/v3/scoped_route_pb.js';
import { SecretSchema } from '@sluice/envoy-api/envoy/extensions/transport_sockets/tls/v3/secret_pb.js';
import { registry } from '@sluice/envoy-api/registry';
import type { Revision } from '@sluice/events';
import { compareText, type IrResource } from '@sluice/ir';
import { XdsCompiler } from './compiler.ts';
import { defaultListenerSettings, type ListenerSettings } from './http-connection-manager.ts';
import type { RouteLayout } from './route-layout.ts';
import { defaultRouteLayout, routeLayouts } from './route-layouts.ts';
import { secretVersion } from './secret.ts';
import { typeUrls, type XdsKind, xdsKinds } from './type-urls.ts';
import type { XdsResource } from './xds-resource.ts';

/** A resource for people: `json` is what Envoy's own config dump would show. */
export interface CompiledResource {
  readonly version: string;
  readonly bytes: Uint8Array;
  readonly json: JsonValue;
}

/** A resource of the IR with the revision that last changed it. */
export interface RevisedResource {
  readonly resource: IrResource;
  readonly revision: Revision;
}

const schemas: Record<XdsKind, DescMessage> = {
  cluster: ClusterSchema,
  endpoint: ClusterLoadAssignmentSchema,
  secret: SecretSchema,
  listener: ListenerSchema,
  route: RouteConfigurationSchema,
  scope: ScopedRouteConfigurationSchema,
};

/**
 * Compiles an IR. Deterministic: by type URL, then by name, both sorted. Secrets hold no key: only name and version,
 * with empty `bytes`; all else is byte for byte what xds-server sends.
 */
export function compileXds(
  resources: Iterable<RevisedResource>,
  settings: ListenerSettings = defaultListenerSettings,
  layout: RouteLayout = routeLayouts[defaultRouteLayout],
): Map<string, Map<string, CompiledResource>> {
  const compiler = new XdsCompiler({ layout, settings, findKeyPair: () => undefined });
  const all = [...resources];
  compiler.apply(
    all.map(({ resource, revision }) => ({ kind: resource.kind, key: resource.key, resource, revision })),
  );
  const out = new Map<string, Map<string, CompiledResource>>();
  for (const kind of [...xdsKinds].sort((a, b) => compareText(typeUrls[a], typeUrls[b])))
    out.set(typeUrls[kind], kind === 'secret' ? secrets(all) : compiled(compiler.resources(kind).values()));
  return out;
}

/** The JSON form of a resource's message. Never called for secrets. */
export function xdsJson(resource: XdsResource): JsonValue {
  const schema = schemas[resource.kind];
  return toJson(schema, fromBinary(schema, resource.body), { registry });
}

function compiled(resources: Iterable<XdsResource>): Map<string, CompiledResource> {
  return new Map(
    [...resources]
      .sort((a, b) => compareText(a.name, b.name))
      .map((resource) => [
        resource.name,
        { version: resource.version, bytes: resource.body, json: xdsJson(resource) },
      ]),
  );
}

function secrets(resources: readonly RevisedResource[]): Map<string, CompiledResource> {
  const certificates = resources.flatMap(({ resource }) =>
    resource.kind === 'certificate' ? [resource] : [],
  );
  return new Map(
    certificates
      .sort((a, b) => compareText(a.key, b.key))
      .map((certificate) => [
        certificate.key,
        { version: secretVersion(certificate), bytes: new Uint8Array(), json: { name: certificate.key } },
      ]),
  );
}
