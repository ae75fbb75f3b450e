// Matches of an HTTPRoute rule, Gateway API v1.7.0 HTTPRouteMatch.
import { z } from 'zod';
import { httpMethodSchema } from './http-filter.ts';
import { headerName, listOf, plainText } from './text.ts';
import { repeated } from './unique.ts';

const forbidden: readonly (readonly [test: (path: string) => boolean, message: string])[] = [
  [(p) => !p.startsWith('/'), 'must start with "/"'],
  [(p) => p.includes('//'), 'must not contain "//"'],
  [(p) => p.includes('/./') || p.endsWith('/.'), 'must not contain a segment "."'],
  [(p) => p.includes('/../') || p.endsWith('/..'), 'must not contain a segment ".."'],
  [(p) => /%2f/i.test(p), 'must not contain an escaped slash (%2f)'],
  [(p) => p.includes('#'), 'must not contain "#"'],
  [
    (p) => !/^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})+$/.test(p),
    'must hold only characters of a URL path, others as %XX',
  ],
];

const pathMatch = z
  .strictObject({
    type: z.enum(['Exact', 'PathPrefix', 'RegularExpression']).default('PathPrefix'),
    value: plainText(0, 1024).default('/'),
  })
  .superRefine(({ type, value }, context) => {
    if (type === 'RegularExpression') return;
    const hint =
      type === 'PathPrefix' && !value.startsWith('/') && !value.includes('*') ? `write "/${value}"` : '';
    const found = forbidden.find(([test]) => test(value));
    if (found !== undefined)
      context.addIssue({ code: 'custom', path: ['value'], message: found[1], params: { hint } });
  });

export const matchType = z.enum(['Exact', 'RegularExpression']).default('Exact');

/** A list of named matches; a repeated name is a fault, as in the CRD's list map. */
export function named<T extends z.ZodType<{ name: string }>>(item: T) {
  return listOf(item, 16)
    .superRefine((list, context) => {
      for (const { index, first } of repeated(list, (m: { name: string }) => m.name))
        context.addIssue({
          code: 'custom',
          path: [index, 'name'],
          message: `is also the name of item ${first}`,
          params: { hint: 'only the first would count: remove one' },
        });
    })
    .default([]);
}

/** All parts must hold. The path defaults to prefix `/`. */
export const httpMatchSchema = z.strictObject({
  path: pathMatch.prefault({}),
  headers: named(z.strictObject({ type: matchType, name: headerName, value: plainText(1, 4096) })),
  queryParams: named(z.strictObject({ type: matchType, name: headerName, value: plainText(1, 1024) })),
  method: httpMethodSchema.exactOptional(),
});
export type HttpMatch = z.infer<typeof httpMatchSchema>;
