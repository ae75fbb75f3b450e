// The answer to a host that another server of an HTTPS listener answers for (421; Listener.hostname in Gateway API
// v1.7.0): clients share a connection among the names of a certificate, and this tells them to open another one.
import { create } from '@bufbuild/protobuf';
import { type Route, RouteSchema } from '@sluice/envoy-api/envoy/config/route/v3/route_components_pb.js';

const body = 'another listener of the Gateway serves this host: open a new connection for it';

/** Takes every path. */
export const misdirectedRoute: Route = create(RouteSchema, {
  name: 'misdirected',
  match: { pathSpecifier: { case: 'prefix', value: '/' } },
  action: {
    case: 'directResponse',
    value: { status: 421, body: { specifier: { case: 'inlineString', value: body } } },
  },
});
