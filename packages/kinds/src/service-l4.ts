// How the endpoint of a connection to a Service is chosen: `lb-algorithm` (Cilium 1.20, Service annotations), under
// `service.sluice.io/` as well as `service.cilium.io/`. Unlike there it may change while the Service lives.
import { type AnnotationFault, findAnnotation, shownValue } from './annotation.ts';
import { closest } from './nearest.ts';
import { servicePrefixes } from './service-l7.ts';

/** At random, or by the client's address and port, the same on every node. */
export const l4Algorithms = ['random', 'maglev'] as const;
export type L4Algorithm = (typeof l4Algorithms)[number];

/** Reads the annotation; at random where it is not there or not known. */
export function readL4Algorithm(
  annotations: Readonly<Record<string, string>>,
  prefixes: readonly string[] = servicePrefixes,
): { readonly algorithm: L4Algorithm; readonly faults: readonly AnnotationFault[] } {
  const found = findAnnotation(annotations, 'lb-algorithm', prefixes);
  const named = found?.value.toLowerCase();
  const algorithm = l4Algorithms.find((known) => known === named);
  if (found === undefined || algorithm !== undefined) return { algorithm: algorithm ?? 'random', faults: [] };
  const near = closest(named ?? '', l4Algorithms);
  const list = `known are ${l4Algorithms.join(', ')}`;
  const fault = {
    annotation: found.annotation,
    message: `${shownValue(found.value)} is not known, so it counts as not said`,
    hint: near === undefined ? list : `did you mean ${JSON.stringify(near)}? ${list}`,
  };
  return { algorithm: 'random', faults: [fault] };
}
