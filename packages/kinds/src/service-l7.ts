// The annotations by which a Service asks for a balancing of each request instead of each connection: `lb-l7` and
// `lb-l7-algorithm` (Cilium 1.20, Service annotations), under `service.sluice.io/` as well as `service.cilium.io/`.
import { type AnnotationFault, type FoundAnnotation, findAnnotation, shownValue } from './annotation.ts';
import { closest } from './nearest.ts';

/** How the endpoint of a request is chosen: in turn, the one with fewer requests of two, or any. */
export const l7Algorithms = ['round_robin', 'least_request', 'random'] as const;
export type L7Algorithm = (typeof l7Algorithms)[number];

/** What is taken where `lb-l7-algorithm` says nothing, or nothing known. */
export const defaultL7Algorithm: L7Algorithm = 'round_robin';

/** Prefixes of the annotations, that which goes before the other first. */
export const servicePrefixes = ['service.sluice.io/', 'service.cilium.io/'] as const;

/** The controller in whose name `service.cilium.io/` is served. */
const ciliumController = 'io.cilium/gateway-controller';

/** What the annotations of a Service come to. */
export interface ServiceL7 {
  readonly enabled: boolean;
  readonly algorithm: L7Algorithm;
  readonly faults: readonly AnnotationFault[];
}

/** The prefixes that count where these controllers are ours: Cilium's own where we stand in for it. */
export function servicePrefixesOf(controllers: ReadonlySet<string>): readonly string[] {
  return servicePrefixes.filter(
    (prefix) => prefix !== 'service.cilium.io/' || controllers.has(ciliumController),
  );
}

/** Reads the annotations of a Service; undefined where none of them is there. */
export function readServiceL7(
  annotations: Readonly<Record<string, string>>,
  prefixes: readonly string[] = servicePrefixes,
): ServiceL7 | undefined {
  const asked = findAnnotation(annotations, 'lb-l7', prefixes);
  const wanted = findAnnotation(annotations, 'lb-l7-algorithm', prefixes);
  if (asked === undefined && wanted === undefined) return undefined;
  const faults: AnnotationFault[] = [];
  const enabled = asked?.value === 'enabled';
  if (asked !== undefined && !enabled && asked.value !== 'disabled')
    faults.push(
      unknownValue(
        asked,
        ['enabled', 'disabled'],
        /^(true|yes|on|1)$/i.test(asked.value) ? 'enabled' : undefined,
      ),
    );
  const named = wanted?.value.toLowerCase().replaceAll('-', '_');
  const algorithm = l7Algorithms.find((known) => known === named);
  if (wanted !== undefined && algorithm === undefined)
    faults.push(unknownValue(wanted, l7Algorithms, undefined));
  return { enabled, algorithm: algorithm ?? defaultL7Algorithm, faults };
}

function unknownValue(
  { annotation, value }: FoundAnnotation,
  known: readonly string[],
  meant: string | undefined,
): AnnotationFault {
  const near = meant ?? closest(value.replaceAll('-', '_'), known);
  const hint =
    near === undefined
      ? `one of ${known.join(', ')}`
      : `did you mean ${JSON.stringify(near)}? known are ${known.join(', ')}`;
  return { annotation, message: `${shownValue(value)} is not known, so it counts as not said`, hint };
}
