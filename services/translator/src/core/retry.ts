// Retries of a rule. What comes in: HTTPRouteRetry (Gateway API v1.6.3); what goes out: what the IR says of it.
import type { IrRetry } from '@sluice/ir';
import { durationMs, type HttpRule } from '@sluice/kinds';

/** Tries after the first where the rule names no number; the spec leaves it open. */
const defaultAttempts = 2;

/** Translates the retries of a rule. */
export function translateRetry({ codes, attempts, backoff }: NonNullable<HttpRule['retry']>): IrRetry {
  const backoffMs = backoff === undefined ? 0 : durationMs(backoff);
  return {
    codes: [...new Set(codes)].sort((a, b) => a - b),
    attempts: attempts ?? defaultAttempts,
    ...(backoffMs === 0 ? {} : { backoffMs }),
  };
}
