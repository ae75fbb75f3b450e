// References of a route to its parents, Gateway API v1.7.0 CommonRouteSpec.
import { z } from 'zod';
import { dnsLabel, group, kindName, listOf, objectName, portNumber, sectionName } from './text.ts';
import { repeated } from './unique.ts';
import { gatewayGroup } from './versions.ts';

export const parentRefSchema = z.strictObject({
  group: group.default(gatewayGroup),
  kind: kindName.default('Gateway'),
  /** Absent: the namespace of the route. */
  namespace: dnsLabel.exactOptional(),
  name: objectName,
  /** Name of one listener; absent: every listener that takes the route. */
  sectionName: sectionName.exactOptional(),
  /** Only listeners on this port. */
  port: portNumber.exactOptional(),
});
export type ParentRef = z.infer<typeof parentRefSchema>;

/** Up to 32 parents; several references to one parent must tell apart which of its listeners they mean. */
export const parentRefsSchema = listOf(parentRefSchema, 32)
  .superRefine((refs, context) => {
    const parent = (r: ParentRef): string => JSON.stringify([r.group, r.kind, r.namespace ?? null, r.name]);
    for (const { index, first } of repeated(refs, (r) =>
      JSON.stringify([parent(r), r.sectionName ?? null, r.port ?? null]),
    ))
      context.addIssue({
        code: 'custom',
        path: [index],
        message: `repeats parentRefs[${first}]`,
        params: { hint: 'remove one of the two, or give each its own sectionName' },
      });
    for (const { index, first } of repeated(refs, parent)) {
      const [a, b] = [refs[first], refs[index]];
      const bare = (r: ParentRef | undefined): boolean =>
        r?.sectionName === undefined && r?.port === undefined;
      if (bare(a) !== bare(b))
        context.addIssue({
          code: 'custom',
          path: [bare(a) ? first : index],
          message: `must set sectionName or port, since parentRefs[${first}] and parentRefs[${index}] name the same parent`,
          params: { hint: 'give each reference to this parent the name of a listener as sectionName' },
        });
    }
  })
  .default([]);
