// Annotations that would be passed over: values that are not known, and names that are nearly those of one that is read. In:
// objects that are well formed; out: one warning each.
import type { DeclaredObject } from '@sluice/api-watcher/core';
import type { Fault } from '@sluice/events';
import { closest, formatPath, readServiceL7, servicePrefixes } from '@sluice/kinds';

/** Names after the prefix that Cilium 1.20 reads on a Service. */
const known = [
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

/** Warnings on annotations of Services. */
export function annotationWarnings(objects: readonly DeclaredObject[]): Fault[] {
  return objects.flatMap(({ object, origin }) => {
    if (object.kind !== 'Service') return [];
    const { annotations } = object.metadata;
    const warn = (annotation: string, message: string, hint: string): Fault => ({
      origin,
      path: formatPath(['metadata', 'annotations', annotation]),
      message,
      hint,
    });
    const values = readServiceL7(annotations)?.faults ?? [];
    return [
      ...values.map(({ annotation, message, hint }) => warn(annotation, message, hint)),
      ...Object.keys(annotations).flatMap((annotation) => misspelt(annotation, warn)),
      ...uselessWarnings(annotations, warn),
    ];
  });
}

type Warn = (annotation: string, message: string, hint: string) => Fault;

function misspelt(annotation: string, warn: Warn): Fault[] {
  const prefix = servicePrefixes.find((p) => annotation.startsWith(p));
  const name = prefix === undefined ? '' : annotation.slice(prefix.length);
  if (prefix === undefined || known.some((k) => k === name)) return [];
  const near = closest(name, known);
  return near === undefined ? [] : [warn(annotation, 'is not known', `did you mean ${prefix}${near}?`)];
}

function uselessWarnings(annotations: Readonly<Record<string, string>>, warn: Warn): Fault[] {
  for (const prefix of servicePrefixes) {
    const algorithm = `${prefix}lb-l7-algorithm`;
    const isAsked = servicePrefixes.some((p) => Object.hasOwn(annotations, `${p}lb-l7`));
    if (Object.hasOwn(annotations, algorithm) && !isAsked)
      return [warn(algorithm, 'has no effect by itself', `add ${prefix}lb-l7: enabled`)];
  }
  return [];
}
