// Builds conditions. What comes in: which condition, its status and reason (checked against the closed table by the
// compiler) and a message; what goes out: metav1.Condition without its time, since a core has no clock.
import type { Condition } from '@sluice/events';
import type { ConditionId, ConditionStatus, ReasonOf } from './reasons.ts';

/** A condition without `lastTransitionTime`; the adapter fills it in. */
export type TimelessCondition = Omit<Condition, 'lastTransitionTime'>;

/** Longest message, UTF-16 code units; metav1.Condition allows 32,768. */
const maxMessage = 2000;

/** What a condition says. */
export interface Say<C extends ConditionId, S extends ConditionStatus> {
  readonly status: S;
  readonly reason: ReasonOf<C, S>;
  readonly message: string;
}

/** Builds one condition; its type is the part of the id after the dot. */
export function condition<C extends ConditionId, S extends ConditionStatus>(
  id: C,
  generation: number,
  say: Say<C, S>,
): TimelessCondition {
  const { status, reason, message } = say;
  return {
    type: id.slice(id.indexOf('.') + 1),
    status,
    reason,
    message: message.length > maxMessage ? `${message.slice(0, maxMessage - 1)}…` : message,
    observedGeneration: generation,
  };
}

/** Joins parts of a message: at most `limit`, then how many more there are. */
export function summarize(parts: readonly string[], limit = 10): string {
  const unique = [...new Set(parts)];
  const shown = unique.slice(0, limit);
  const rest = unique.length - shown.length;
  return rest === 0 ? shown.join('; ') : `${shown.join('; ')}; and ${rest} more`;
}
