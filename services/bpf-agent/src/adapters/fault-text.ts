// What is wrong with the maps, for people.
import { KernelError } from '../core/kernel-port.ts';

/** Services for which maps have no room. */
export function leftOutText(leftOut: ReadonlyMap<string, string>): string {
  const maps = [...new Set(leftOut.values())].sort();
  const [first = ''] = [...leftOut.keys()].sort();
  const more = leftOut.size === 1 ? '' : ` and ${leftOut.size - 1} more`;
  return `${maps.join(', ')} full, left out: ${first}${more}`;
}

/** What a fault of the kernel means. */
export function faultText(error: unknown): string {
  if (!(error instanceof KernelError)) return error instanceof Error ? error.message : `${error}`;
  const { fault } = error;
  if (fault.kind === 'map-full')
    return `map ${fault.map} is full: what is in it stays in force, what is missing is not reached by way of the kernel`;
  return fault.message;
}
