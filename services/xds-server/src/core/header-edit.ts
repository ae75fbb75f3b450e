// Header changes of the IR → Envoy's header options. Envoy removes first, then sets, then adds, whatever the order of
// its list; the IR sets, adds, then removes, once for each edit. Values are format strings in Envoy, so a `%` of a user
// is doubled.
import { create } from '@bufbuild/protobuf';
import {
  type HeaderValueOption,
  HeaderValueOption_HeaderAppendAction,
  HeaderValueOptionSchema,
} from '@sluice/envoy-api/envoy/config/core/v3/base_pb.js';
import type { IrHeaderEdit } from '@sluice/ir';

/** What Envoy takes: names to remove first, then options in order. */
export interface HeaderOptions {
  readonly remove: string[];
  readonly add: HeaderValueOption[];
}

interface Step {
  readonly op: 'set' | 'add' | 'remove';
  readonly name: string;
  readonly value: string;
}

/** Headers that Envoy does not let routes edit: `Host` is changed by a host rewrite. */
function isEditable(name: string): boolean {
  return name !== 'host' && !name.startsWith(':');
}

function steps(edit: IrHeaderEdit): Step[] {
  return [
    ...edit.set.map((h): Step => ({ op: 'set', ...h })),
    ...edit.add.map((h): Step => ({ op: 'add', ...h })),
    ...edit.remove.map((name): Step => ({ op: 'remove', name, value: '' })),
  ].filter((step) => isEditable(step.name));
}

/** Several edits, applied one after the other, as one. Absent edits change nothing. */
export function headerOptions(...edits: readonly (IrHeaderEdit | undefined)[]): HeaderOptions {
  const all = edits.flatMap((edit) => (edit === undefined ? [] : steps(edit)));
  const removed = new Set(all.filter((step) => step.op === 'remove').map((step) => step.name));
  const replacedAt = new Map<string, number>();
  all.forEach((step, at) => {
    if (step.op !== 'add') replacedAt.set(step.name, at);
  });
  // What a later step removes or sets anew need not be there at all; then Envoy's order gives the same.
  const kept = all.filter((step, at) => step.op !== 'remove' && at >= (replacedAt.get(step.name) ?? -1));
  return { remove: [...removed], add: kept.map(headerOption) };
}

/** The value that an edit of the request gives to `Host`, if any: a set wins over an add. */
export function hostEdit(edit: IrHeaderEdit | undefined): string | undefined {
  return [...(edit?.set ?? []), ...(edit?.add ?? [])].find((h) => h.name === 'host')?.value;
}

function headerOption(step: Step): HeaderValueOption {
  return create(HeaderValueOptionSchema, {
    header: { key: step.name, value: step.value.replaceAll('%', '%%') },
    appendAction:
      step.op === 'set'
        ? HeaderValueOption_HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD
        : HeaderValueOption_HeaderAppendAction.APPEND_IF_EXISTS_OR_ADD,
    keepEmptyValue: true,
  });
}
