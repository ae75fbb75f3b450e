import { writeFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node';

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
        else skipped.push(`${module.relativeModuleId} > ${test.fullName}: ${skipReason(test, module)}`);
      }
    }
    const counts: Counts = { passed, failed, skipped };
    writeFileSync(this.#file, JSON.stringify(counts));
  }
}

/** The note given to `skip(reason)`, or that something around the test failed before it could run. */
function skipReason(test: TestCase, module: TestModule): string {
  const result = test.result();
  if (result.state === 'skipped' && result.note !== undefined) return result.note;
  for (let outer = test.parent; ; outer = outer.parent) {
    if (outer.errors().length > 0) return 'what it needs could not be set up, see the failure above';
    if (outer.type === 'module') break;
  }
  return module.state() === 'failed' ? 'did not run, see the failures of its file' : 'no reason given';
}
