// Annotations that ask something of us, under one of several prefixes. A wrong value is told, and counts as not said.

/** Something wrong with an annotation. The object goes on as if it were not there. */
export interface AnnotationFault {
  /** Key of the annotation. */
  readonly annotation: string;
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
}

/** An annotation that is there. */
export interface FoundAnnotation {
  readonly annotation: string;
  readonly value: string;
}

/** The annotation `name` under the first of the prefixes that has it. */
export function findAnnotation(
  annotations: Readonly<Record<string, string>>,
  name: string,
  prefixes: readonly string[],
): FoundAnnotation | undefined {
  for (const prefix of prefixes) {
    const annotation = `${prefix}${name}`;
    const value = Object.hasOwn(annotations, annotation) ? annotations[annotation] : undefined;
    if (value !== undefined) return { annotation, value };
  }
  return undefined;
}

/** Longest part of a value that is said back, characters. */
const maxShown = 40;

/** A value of an annotation as messages show it: quoted, and cut. */
export function shownValue(value: string): string {
  return JSON.stringify(value.length > maxShown ? `${value.slice(0, maxShown)}…` : value);
}
