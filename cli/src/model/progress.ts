// Where an object stands, by its conditions (Gateway API v1.7.0).
import { conditionsOf, findCondition, recordsOf } from './conditions.ts';
import type { Progress } from './route-state.ts';

/** Where an object stands, and why. */
export interface Standing {
  readonly progress: Progress;
  /** Why it is not in force, or what part of it is not; the empty string when all is well. */
  readonly message: string;
}

/** Of an object with Accepted and Programmed: where it stands. */
export function gatewayProgress(status: unknown, generation: number): Standing {
  const accepted = findCondition(status, 'Accepted');
  const programmed = findCondition(status, 'Programmed');
  if (accepted === undefined || programmed === undefined)
    return { progress: 'waiting', message: 'no status yet' };
  if (Math.min(accepted.observedGeneration, programmed.observedGeneration) < generation)
    return { progress: 'waiting', message: 'its newest generation has not been seen yet' };
  if (programmed.status === 'True') return { progress: 'in-force', message: brokenListeners(status) };
  if (programmed.reason === 'Pending' && accepted.status === 'True')
    return { progress: 'waiting', message: programmed.message };
  const cause = accepted.status === 'True' ? programmed : accepted;
  const parts = [`${cause.reason}: ${cause.message}`, brokenListeners(status)].filter((part) => part !== '');
  return { progress: 'faulty', message: parts.join('; ') };
}

/** What is wrong with listeners of a Gateway; the empty string where nothing is. */
function brokenListeners(status: unknown): string {
  const listeners =
    typeof status === 'object' && status !== null && 'listeners' in status ? status.listeners : undefined;
  return recordsOf(listeners)
    .flatMap((listener) => {
      const bad = conditionsOf(listener).find(
        ({ type, status }) =>
          (type === 'Conflicted' ? status === 'True' : status === 'False') && type !== 'Programmed',
      );
      return bad === undefined ? [] : [`listener ${String(listener.name)}: ${bad.reason}: ${bad.message}`];
    })
    .join('; ');
}

/** Of a parent's entry, or of an object with Accepted and ResolvedRefs: where it stands. */
export function parentProgress(parent: unknown, generation: number): Standing {
  const accepted = findCondition(parent, 'Accepted');
  if (accepted === undefined) return { progress: 'waiting', message: 'no status yet' };
  if (accepted.observedGeneration < generation)
    return { progress: 'waiting', message: 'its newest generation has not been seen yet' };
  if (accepted.status !== 'True')
    return { progress: 'faulty', message: `${accepted.reason}: ${accepted.message}` };
  const resolved = findCondition(parent, 'ResolvedRefs');
  if (resolved?.status === 'False')
    return { progress: 'faulty', message: `${resolved.reason}: ${resolved.message}` };
  const partial = findCondition(parent, 'PartiallyInvalid');
  if (partial?.status === 'True')
    return { progress: 'faulty', message: `${partial.reason}: ${partial.message}` };
  return { progress: 'in-force', message: '' };
}
