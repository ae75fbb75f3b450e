import { z } from 'zod';

const units: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** A duration of the Gateway API (GEP-2257): up to four whole numbers with h, m, s or ms, as `1h30m`, `500ms`, `0s`. */
export const durationSchema = z.string().refine(isDuration, 'must be a duration such as 10s, 500ms or 1h30m');

/** Whether a text is one that `durationSchema` takes. */
export function isDuration(text: string): boolean {
  return /^([0-9]{1,5}(h|m|s|ms)){1,4}$/.test(text);
}

/** Milliseconds of a duration that `durationSchema` takes. Throws RangeError on any other text. */
export function durationMs(duration: string): number {
  if (!isDuration(duration)) throw new RangeError('not a duration');
  let total = 0;
  for (const [, count, unit] of duration.matchAll(/([0-9]{1,5})(h|ms|m|s)/g))
    total += Number(count) * (units[unit ?? ''] ?? 0);
  return total;
}
