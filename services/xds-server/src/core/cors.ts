// Cross-origin answers of the IR → Envoy's CORS policy of a route. A preflight request never reaches a backend: the
// policy answers it, and from an origin that is not allowed without the headers.

import { create } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import {
  CorsPolicySchema,
  CorsSchema,
} from '@sluice/envoy-api/envoy/extensions/filters/http/cors/v3/cors_pb.js';
import type { HttpFilter } from '@sluice/envoy-api/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { HttpFilterSchema } from '@sluice/envoy-api/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import type { IrCors } from '@sluice/ir';
import { pack, stringMatcher } from './messages.ts';

/** Name of the filter; routes set it up by this. */
export const corsFilterName = 'envoy.filters.http.cors';

/** The filter: it does nothing where a route has no policy. */
export const corsFilter: HttpFilter = create(HttpFilterSchema, {
  name: corsFilterName,
  configType: { case: 'typedConfig', value: pack(CorsSchema, {}) },
});

/** The policy of one route. */
export function corsPolicy(cors: IrCors): Any {
  return pack(CorsPolicySchema, {
    allowOriginStringMatch: cors.allowOrigins.map(stringMatcher),
    allowMethods: cors.allowMethods.join(', '),
    allowHeaders: cors.allowHeaders.join(', '),
    exposeHeaders: cors.exposeHeaders.join(', '),
    maxAge: `${cors.maxAgeSeconds}`,
    allowCredentials: cors.allowCredentials,
    forwardNotMatchingPreflights: false,
  });
}
