import { setTimeout } from 'node:timers/promises';

/** Bounds and words of a wait. */
export interface UntilOptions {
  /** Default 60,000: a failure may take long to tell, and a busy machine may be slow. */
  readonly timeoutMs?: number;
  /** Pause between two looks; default 25. */
  readonly intervalMs?: number;
  /** What is waited for, for the failure; a function is asked when it fails. */
  readonly message?: string | (() => string);
}

/**
 * Looks again and again until `probe` gives something other than undefined, null or false, and resolves with it. What `probe` throws counts
 * as "not yet", and is the cause of the failure if it was the last word.
 * @throws Error when the deadline passes
 */
export async function until<T>(
  probe: () => T | Promise<T>,
  options: UntilOptions = {},
): Promise<NonNullable<Exclude<T, false>>> {
  const { timeoutMs = 60_000, intervalMs = 25, message = 'a condition' } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let cause: unknown;
    try {
      const value = await probe();
      if (value !== undefined && value !== null && value !== false)
        return value as NonNullable<Exclude<T, false>>;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= deadline) {
      const words = typeof message === 'string' ? message : message();
      throw new Error(`waited ${timeoutMs} ms in vain for ${words}`, { cause });
    }
    await setTimeout(intervalMs);
  }
}
