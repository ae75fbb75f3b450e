import { writeFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node';

/** What `npm test` prints at its end. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  /** One line for each failure: its name and the first line of what was wrong. */
  readonly failures: readonly string[];
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
    const failures = unhandled.map((error) => line('outside of any test', error));
    const skipped: string[] = [];
    for (const module of modules) {
      const file = module.relativeModuleId;
      failures.push(...module.errors().map((error) => line(file, error)));
      for (const suite of module.children.allSuites())
        failures.push(...suite.errors().map((error) => line(`${file} > ${suite.fullName}`, error)));
      for (const test of module.children.allTests()) {
        const result = test.result();
        const name = `${file} > ${test.fullName}`;
        if (result.state === 'passed') passed += 1;
        else if (result.state === 'failed') failures.push(line(name, result.errors[0]));
        else skipped.push(`${name}: ${skipReason(test, module)}`);
      }
    }
    const counts: Counts = { passed, failed: failures.length, failures, skipped };
    writeFileSync(this.#file, JSON.stringify(counts));
  }
}

/** The first line of a message, at most 300 characters of it: the whole stands where it happened. */
function line(name: string, error: { readonly message: string } | undefined): string {
  const [first = ''] = (error?.message ?? 'no message').split('\n');
  return `${name}: ${first.slice(0, 300)}`;
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
