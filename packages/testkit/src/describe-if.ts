import { describe } from 'vitest';

/**
 * `describe` for a tier that may be unable to run here. With a reason it is reported as skipped, with the reason in its name and on
 * standard error, so that it never passes silently; with undefined it runs.
 */
export function describeIf(missing: string | undefined): (name: string, body: () => void) => void {
  if (missing === undefined) return (name, body) => void describe(name, body);
  return (name, body) => {
    process.stderr.write(`skipped: ${name}: ${missing}\n`);
    describe.skip(`${name} (skipped: ${missing})`, body);
  };
}
