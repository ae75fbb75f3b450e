// References of a route to a backend, Gateway API v1.7.0 BackendObjectReference.
import { z } from 'zod';
import { dnsLabel, group, kindName, objectName, portNumber } from './text.ts';

export const backendRefFields = {
  group: group.default(''),
  kind: kindName.default('Service'),
  name: objectName,
  /** Absent: the namespace of the route. */
  namespace: dnsLabel.exactOptional(),
  /** Port of the Service (not of its pods). */
  port: portNumber.exactOptional(),
};

/** Says that a Service needs its port named. */
export function portNeeded(
  ref: { group: string; kind: string; port?: number },
  context: z.RefinementCtx,
): void {
  if (ref.group !== '' || ref.kind !== 'Service' || ref.port !== undefined) return;
  context.addIssue({
    code: 'custom',
    path: ['port'],
    message: 'is required for a Service',
    params: { hint: 'add the port of the Service' },
  });
}

export const backendObjectRefSchema = z.strictObject(backendRefFields).superRefine(portNeeded);
export type BackendObjectRef = z.infer<typeof backendObjectRefSchema>;
