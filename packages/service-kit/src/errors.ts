import type { ErrorCode } from './error-codes.ts';

/** Extras of a `SluiceError`. */
export interface SluiceErrorOptions {
  /** What to do about it here and now; default: none beyond what docs/errors.md says of the code. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** An operational failure: something outside the program is not as it must be. Shown without a stack trace. */
export class SluiceError extends Error {
  readonly code: ErrorCode;
  /** What to do about it; the empty string where nothing better than the message is known. */
  readonly hint: string;

  constructor(code: ErrorCode, message: string, options: SluiceErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'SluiceError';
    this.code = code;
    this.hint = options.hint ?? '';
  }
}

/** The shape that operational errors of all packages share (`SluiceError`, `LogError`). */
export interface OperationalError extends Error {
  readonly code: string;
  readonly hint: string;
}

/** True for errors that are about the world outside, not about a bug: they carry a code and a hint. */
export function isOperational(error: unknown): error is OperationalError {
  if (!(error instanceof Error)) return false;
  return (
    'code' in error && typeof error.code === 'string' && 'hint' in error && typeof error.hint === 'string'
  );
}

/** An error as fields of a log line: operational ones with code and hint and without a stack, all others with their stack. Causes are followed. */
export function errorFields(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  const cause = error.cause === undefined ? {} : { cause: errorFields(error.cause) };
  if (isOperational(error)) {
    return { type: error.name, code: error.code, message: error.message, hint: error.hint, ...cause };
  }
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  return { type: error.name, ...code, message: error.message, stack: error.stack, ...cause };
}
