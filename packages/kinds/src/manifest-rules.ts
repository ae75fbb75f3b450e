// What is a mistake in a file, and yet may stand on the log: an API server takes it, and a condition of the object's
// status speaks of it.
import { fault, type ObjectFault } from './fault.ts';
import type { SourceObject } from './object.ts';

/** Faults of an object that holds to its schema, if it came out of a manifest. */
export function manifestFaults(object: SourceObject): ObjectFault[] {
  if (object.kind !== 'Gateway') return [];
  return object.spec.listeners.flatMap(({ protocol, tls }, i) =>
    tls === undefined && (protocol === 'HTTPS' || protocol === 'TLS')
      ? [
          fault(
            ['spec', 'listeners', i, 'tls'],
            `is required for protocol ${protocol}`,
            'add tls.certificateRefs with the name of a Secret of type kubernetes.io/tls',
          ),
        ]
      : [],
  );
}
