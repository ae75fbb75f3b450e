import { writeFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/** What `npm test` prints at its end. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  /** One line for each test that did not run: its name and the reason given to `skip(reason)`. */
  readonly skipped: readonly string[];
}

/**
 * Writes the counts of a run to a file as JSON. A file that cannot be loaded and an error outside of any test count as one
 * failure each; a test without a reason for its skip is shown as such.
 */
export class CountsReporter implements Reporter {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    let passed = 0;
    let failed = unhandled.length;
    const skipped: string[] = [];
    for (const module of modules) {
      failed += module.errors().length;
      for (const suite of module.children.allSuites()) failed += suite.errors().length;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'passed') passed += 1;
        else if (result.state === 'failed') failed += 1;
        else skipped.push(`${module.relativeModuleId} > ${test.fullName}: ${skipReason(result)}`);
      }
    }
    const counts: Counts = { passed, failed, skipped };
    writeFileSync(this.#file, JSON.stringify(counts));
  }
}

function skipReason(result: { readonly state: string; readonly note?: string | undefined }): string {
  if (result.state !== 'skipped') return 'did not run';
  return result.note ?? 'no reason given';
}
