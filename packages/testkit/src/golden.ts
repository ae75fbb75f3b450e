import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';

/** One `<name>.in.yaml` with its outputs beside it. */
export interface GoldenCase {
  /** File name without `.in.yaml`. */
  readonly name: string;
  /** Text of the input. */
  readonly input: string;
  /**
   * Compares with `<name>.<suffix>`, default `out.yaml`. With UPDATE_GOLDEN=1 it writes that file instead, save in CI.
   * A missing file is a failure.
   */
  expectOutput(text: string, suffix?: string): void;
}

/**
 * The cases of a directory, sorted by name, for `it.each`.
 * @throws Error where there is none: an empty table of cases would pass silently
 */
export function goldenCases(dir: string): GoldenCase[] {
  const names = readdirSync(dir)
    .filter((file) => file.endsWith('.in.yaml'))
    .map((file) => file.slice(0, -'.in.yaml'.length))
    .sort();
  if (names.length === 0) throw new Error(`no *.in.yaml in ${dir}`);
  return names.map((name) => ({
    name,
    input: readFileSync(join(dir, `${name}.in.yaml`), 'utf8'),
    expectOutput: (text, suffix = 'out.yaml') => expectFile(join(dir, `${name}.${suffix}`), text),
  }));
}

/** Compares a text with a file; with UPDATE_GOLDEN=1 it writes the file instead, save in CI. A missing file is a failure. */
export function expectFile(file: string, text: string): void {
  const update = process.env.UPDATE_GOLDEN === '1' && process.env.CI === undefined;
  if (update) {
    if (!existsSync(file) || readFileSync(file, 'utf8') !== text) writeFileSync(file, text);
    return;
  }
  expect(existsSync(file), `${file} is missing: look at the output, then write it with UPDATE_GOLDEN=1`).toBe(
    true,
  );
  expect(text).toBe(readFileSync(file, 'utf8'));
}
