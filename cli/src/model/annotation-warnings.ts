// Annotations that would be passed over: values that are not known, and names that are nearly those of one that is read. In:
// objects that are well formed; out: one warning each.
import type { DeclaredObject } from '@sluice/api-watcher/core';
import type { Fault } from '@sluice/events';
import {
  type AnnotationFault,
  closest,
  formatPath,
  type Ingress,
  type IngressClass,
  ingressAnnotationNames,
  ingressPrefixes,
  isDefaultClass,
  namedIngressClass,
  newestClass,
  readClassMode,
  readIngressSettings,
  readServiceL7,
  servicePrefixes,
} from '@sluice/kinds';

/** Names after the prefix that Cilium 1.20 reads on a Service. */
const serviceNames = [
  'lb-l7',
  'lb-l7-algorithm',
  'lb-algorithm',
  'forwarding-mode',
  'type',
  'node',
  'node-selector',
  'src-ranges-policy',
  'proxy-delegation',
  'global',
  'shared',
  'affinity',
] as const;

/** Warnings on annotations of Services, Ingresses and IngressClasses. */
export function annotationWarnings(objects: readonly DeclaredObject[]): Fault[] {
  const classes = objects.flatMap(({ object }) => (object.kind === 'IngressClass' ? [object] : []));
  return objects.flatMap(({ object, origin }) =>
    faultsOf(object, classes).map(({ annotation, message, hint }) => ({
      origin,
      path: formatPath(['metadata', 'annotations', annotation]),
      message,
      hint,
    })),
  );
}

type Annotations = Readonly<Record<string, string>>;

function faultsOf(
  object: DeclaredObject['object'],
  classes: readonly IngressClass[],
): readonly AnnotationFault[] {
  const { annotations } = object.metadata;
  switch (object.kind) {
    case 'Service':
      return [
        ...(readServiceL7(annotations)?.faults ?? []),
        ...misspelt(annotations, servicePrefixes, serviceNames),
        ...uselessFaults(annotations),
      ];
    case 'Ingress':
      return [
        ...readIngressSettings(annotations, classAnnotations(object, classes)).faults,
        ...misspelt(annotations, ingressPrefixes, ingressAnnotationNames),
      ];
    case 'IngressClass':
      return [
        ...readClassMode(annotations).faults,
        ...misspelt(annotations, ingressPrefixes, ingressAnnotationNames),
      ];
    default:
      return [];
  }
}

/** Annotations of the class of an Ingress, where it is among the files: whether the Ingress shares its address may stand there. */
function classAnnotations(ingress: Ingress, classes: readonly IngressClass[]): Annotations {
  const name = namedIngressClass(ingress);
  const found =
    name === undefined
      ? newestClass(classes.filter(isDefaultClass))
      : classes.find(({ metadata }) => metadata.name === name);
  return found?.metadata.annotations ?? {};
}

function misspelt(
  annotations: Annotations,
  prefixes: readonly string[],
  known: readonly string[],
): AnnotationFault[] {
  return Object.keys(annotations).flatMap((annotation) => {
    const prefix = prefixes.find((p) => annotation.startsWith(p));
    const name = prefix === undefined ? '' : annotation.slice(prefix.length);
    if (prefix === undefined || known.includes(name)) return [];
    const near = closest(name, known);
    if (near === undefined) return [];
    return [{ annotation, message: 'is not known', hint: `did you mean ${prefix}${near}?` }];
  });
}

function uselessFaults(annotations: Annotations): AnnotationFault[] {
  for (const prefix of servicePrefixes) {
    const annotation = `${prefix}lb-l7-algorithm`;
    const isAsked = servicePrefixes.some((p) => Object.hasOwn(annotations, `${p}lb-l7`));
    if (Object.hasOwn(annotations, annotation) && !isAsked)
      return [{ annotation, message: 'has no effect by itself', hint: `add ${prefix}lb-l7: enabled` }];
  }
  return [];
}
