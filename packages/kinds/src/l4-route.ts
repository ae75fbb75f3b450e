// What TLSRoute, TCPRoute and UDPRoute share, Gateway API v1.6.3: one rule that only names backends.
import { z } from 'zod';
import { backendRefFields, portNeeded } from './backend-ref.ts';
import { parentRefsSchema } from './parent-ref.ts';
import { listOf, sectionName } from './text.ts';

const l4BackendRefSchema = z
  .strictObject({
    ...backendRefFields,
    /** Share of the connections, relative to the other backends; 0: none. */
    weight: z.int().min(0).max(1_000_000).default(1),
  })
  .superRefine(portNeeded);
export type L4BackendRef = z.infer<typeof l4BackendRefSchema>;

const l4RuleSchema = z.strictObject({
  name: sectionName.exactOptional(),
  backendRefs: listOf(l4BackendRefSchema, 16).min(1, 'must name at least one backend'),
});
export type L4Rule = z.infer<typeof l4RuleSchema>;

/** `parentRefs` and `rules` of a route below HTTP. */
export const l4RouteFields = {
  parentRefs: parentRefsSchema,
  useDefaultGateways: z.enum(['All', 'None']).exactOptional(),
  rules: listOf(
    l4RuleSchema,
    1,
    'a connection has nothing to tell rules apart by: make a route for each',
  ).min(1, 'must have one rule'),
};
