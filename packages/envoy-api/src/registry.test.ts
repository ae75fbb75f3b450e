import { create, fromBinary, fromJson, toBinary, toJson } from '@bufbuild/protobuf';
import { anyPack, anyUnpack } from '@bufbuild/protobuf/wkt';
import { RouteConfigurationSchema } from '@sluice/envoy-api/envoy/config/route/v3/route_pb.js';
import { ScopedRouteConfigurationSchema } from '@sluice/envoy-api/envoy/config/route/v3/scoped_route_pb.js';
import { LuaPerRouteSchema } from '@sluice/envoy-api/envoy/extensions/filters/http/lua/v3/lua_pb.js';
import { HeaderMutationSchema } from '@sluice/envoy-api/envoy/extensions/http/early_header_mutation/header_mutation/v3/header_mutation_pb.js';
import { registry } from '@sluice/envoy-api/registry';
import { expect, test } from 'vitest';

test('a message packed in an Any is found again through the registry', () => {
  const packed = anyPack(
    LuaPerRouteSchema,
    create(LuaPerRouteSchema, { override: { case: 'name', value: 'gate' } }),
  );
  expect(packed.typeUrl).toBe('type.googleapis.com/envoy.extensions.filters.http.lua.v3.LuaPerRoute');
  expect(anyUnpack(packed, registry)).toMatchObject({ override: { case: 'name', value: 'gate' } });
});

test('JSON of a message with an Any inside survives a round trip by way of the wire format', () => {
  const json = {
    name: 'shop',
    virtualHosts: [
      {
        name: 'all',
        domains: ['*'],
        typedPerFilterConfig: {
          lua: {
            '@type': 'type.googleapis.com/envoy.extensions.filters.http.lua.v3.LuaPerRoute',
            disabled: true,
          },
        },
      },
    ],
  };
  const message = fromJson(RouteConfigurationSchema, json, { registry });
  const again = fromBinary(RouteConfigurationSchema, toBinary(RouteConfigurationSchema, message));
  expect(toJson(RouteConfigurationSchema, again, { registry })).toEqual(json);
});

test('the types that only travel inside an Any, or that an older proto set would lack, are there', () => {
  expect(create(HeaderMutationSchema).mutations).toEqual([]);
  expect(ScopedRouteConfigurationSchema.field.routeConfiguration?.message?.typeName).toBe(
    'envoy.config.route.v3.RouteConfiguration',
  );
  const names = [
    'envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig',
    'envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec',
    'envoy.service.discovery.v3.DeltaDiscoveryResponse',
    'google.rpc.Status',
    'xds.core.v3.ResourceLocator',
  ];
  expect(names.filter((name) => registry.getMessage(name) === undefined)).toEqual([]);
});
