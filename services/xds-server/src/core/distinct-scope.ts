// Envoy 1.40 notes the good scopes of a response that it refuses without putting them in force; the same bytes sent
// again are then "unchanged" to it: acknowledged, and never in force. So no two sendings of a scope are alike: each
// carries a mark in the name of its route configuration, which nothing else reads.
import { create, toBinary } from '@bufbuild/protobuf';
import { ScopedRouteConfigurationSchema } from '@sluice/envoy-api/envoy/config/route/v3/scoped_route_pb.js';
import type { XdsResource } from './xds-resource.ts';

/**
 * The scope as it is sent, under its own version. `mark` is new for each sending. The mark is put behind: in protobuf a
 * message that comes twice is merged, and the last value of a field holds.
 */
export function distinctScope(resource: XdsResource, mark: string): XdsResource {
  const name = `${resource.name}#${mark}`;
  const behind = toBinary(
    ScopedRouteConfigurationSchema,
    create(ScopedRouteConfigurationSchema, { routeConfiguration: { name } }),
  );
  const body = new Uint8Array(resource.body.length + behind.length);
  body.set(resource.body);
  body.set(behind, resource.body.length);
  return { ...resource, body };
}
