// Wildcards that stand for one label (Ingress). Envoy's domains know only such as stand for one or more: where a virtual
// host may see others, a first route takes them. What a less specific hostname would answer is not asked then.
import { create } from '@bufbuild/protobuf';
import { type Route, RouteSchema } from '@sluice/envoy-api/envoy/config/route/v3/route_components_pb.js';
import { regexMatcher } from './messages.ts';

/** Takes the hosts with more than one label before the suffix of `*.suffix`; none for other hostnames. */
export function deeperHosts(hostname: string): Route[] {
  if (!hostname.startsWith('*.')) return [];
  const suffix = hostname.slice(1).replace(/[^a-z0-9-]/g, '\\$&');
  return [
    create(RouteSchema, {
      name: 'deeper-host',
      match: {
        pathSpecifier: { case: 'prefix', value: '/' },
        headers: [
          {
            name: ':authority',
            invertMatch: true,
            headerMatchSpecifier: {
              case: 'stringMatch',
              value: {
                matchPattern: { case: 'safeRegex', value: regexMatcher(`(?i)[^.]+${suffix}(:[0-9]+)?`) },
              },
            },
          },
        ],
      },
      action: { case: 'directResponse', value: { status: 404 } },
    }),
  ];
}
