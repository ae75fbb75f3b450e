// What holds for the rules of an HTTPRoute and of a GRPCRoute as a whole, Gateway API v1.6.3.
import type { z } from 'zod';
import { repeated } from './unique.ts';

interface Rule {
  readonly name?: string;
  readonly matches: readonly unknown[];
}

/** Rules have names of their own, and 128 matches together. More than 16 rules are a fault by themselves. */
export function checkRules(rules: readonly Rule[], context: z.RefinementCtx): void {
  for (const { index, first } of repeated(rules, (rule) => rule.name))
    context.addIssue({
      code: 'custom',
      path: [index, 'name'],
      message: `is also the name of rules[${first}]`,
    });
  const matches = rules.reduce((sum, rule) => sum + rule.matches.length, 0);
  if (rules.length <= 16 && matches > 128)
    context.addIssue({
      code: 'custom',
      path: [],
      message: `must have at most 128 matches in all rules together, not ${matches}`,
    });
}
