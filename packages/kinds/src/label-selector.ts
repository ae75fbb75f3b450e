import { z } from 'zod';
import { labelsSchema } from './metadata.ts';
import { labelValue, qualifiedName } from './text.ts';

const requirement = z
  .strictObject({
    key: qualifiedName,
    operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
    values: z.array(labelValue).default([]),
  })
  .superRefine(({ operator, values }, context) => {
    const needsValues = operator === 'In' || operator === 'NotIn';
    if (needsValues === values.length > 0) return;
    context.addIssue({
      code: 'custom',
      path: ['values'],
      message: needsValues
        ? `must not be empty for operator ${operator}`
        : `must be empty for operator ${operator}`,
    });
  });

/** metav1.LabelSelector: all of its parts must hold; the empty selector matches everything. */
export const labelSelectorSchema = z.strictObject({
  matchLabels: labelsSchema.default({}),
  matchExpressions: z.array(requirement).default([]),
});
export type LabelSelector = z.infer<typeof labelSelectorSchema>;

/** Whether labels satisfy a selector. */
export function selectorMatches(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  const value = (key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined);
  for (const [key, wanted] of Object.entries(selector.matchLabels)) if (value(key) !== wanted) return false;
  return selector.matchExpressions.every(({ key, operator, values }) => holds(operator, values, value(key)));
}

function holds(operator: string, values: readonly string[], actual: string | undefined): boolean {
  if (operator === 'Exists') return actual !== undefined;
  if (operator === 'DoesNotExist') return actual === undefined;
  return (actual !== undefined && values.includes(actual)) === (operator === 'In');
}
