import { formatRevision } from '@sluice/events';
import { compareText, formatObjectRef, irIdOf } from '@sluice/ir';
import type { World } from '../model/world.ts';
import type { Shown } from './get-shown.ts';

/** The IR in force. `name` is an id (`http-route:default/a`), a key, or a kind. */
export function showIr(world: World, name: string | undefined): Shown {
  const items = [...world.ir.values()]
    .filter(
      ({ resource }) => name === undefined || [irIdOf(resource), resource.key, resource.kind].includes(name),
    )
    .sort((a, b) => compareText(irIdOf(a.resource), irIdOf(b.resource)));
  return {
    document: { revision: world.committed ?? null, items },
    head: ['ID', 'SOURCE', 'REVISION'],
    rows: items.map(({ resource, revision }) => [
      irIdOf(resource),
      'source' in resource ? formatObjectRef(resource.source) : '-',
      formatRevision(revision),
    ]),
  };
}
