// Header edits as the IR defines them: set, then add, then remove; of several edits one after the other.
import type { IrHeaderEdit } from '../http-route.ts';
import { compareText } from '../key.ts';
import type { Header } from './explanation.ts';

/** Headers after edits; sorted by name, values of one name in their order. `host` is left alone. */
export function editHeaders(
  headers: Iterable<readonly [name: string, values: readonly string[]]>,
  edits: readonly (IrHeaderEdit | undefined)[],
): Header[] {
  const edited = new Map([...headers].map(([name, values]) => [name, [...values]]));
  for (const edit of edits) {
    for (const { name, value } of edit?.set ?? []) edited.set(name, [value]);
    for (const { name, value } of edit?.add ?? []) edited.set(name, [...(edited.get(name) ?? []), value]);
    for (const name of edit?.remove ?? []) edited.delete(name);
  }
  edited.delete('host');
  return [...edited]
    .sort(([a], [b]) => compareText(a, b))
    .flatMap(([name, values]) => values.map((value) => ({ name, value })));
}
