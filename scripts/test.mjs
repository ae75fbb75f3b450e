/**
 * `npm test`: sets the checkout up, then lint, types, import rules and file rules, every test, and the official
 * conformance suite. Its last line is
 * `N passed, N failed, N skipped`, where a check counts like a test. Arguments go to vitest (`npm test -- packages/ir`).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './bootstrap/paths.mjs';
import { runOnToolchain, runTasks } from './bootstrap/toolchain.mjs';

const checks = ['check:lint', 'check:files', 'check:types', 'check:imports'];

/** @typedef {import('./test/counts-reporter.ts').Counts} Counts */

/**
 * One failure, since something did not run at all.
 * @param {string} why @returns {Counts}
 */
const noRun = (why) => ({ passed: 0, failed: 1, failures: [why], skipped: [] });

/**
 * The counts that vitest left, or one failure if it ended without any.
 * @param {string} file @param {number} exitCode
 * @returns {Counts}
 */
function readCounts(file, exitCode) {
  try {
    const counts = /** @type {Counts} */ (JSON.parse(readFileSync(file, 'utf8')));
    if (exitCode === 0 || counts.failed > 0) return counts;
    return {
      ...counts,
      failed: 1,
      failures: [`a test run ended with code ${exitCode} though no test failed`],
    };
  } catch {
    return noRun(`a test run ended with code ${exitCode} and left no counts`);
  }
}

/** @param {string} work @returns {Promise<Counts>} */
async function runTests(work) {
  const file = join(work, 'counts.json');
  const args = ['run', '--project', 'unit', '--project', 'real', ...process.argv.slice(2)];
  const exitCode = await runOnToolchain(['node_modules/vitest/vitest.mjs', ...args], {
    SLUICE_TEST_COUNTS: file,
  });
  return readCounts(file, exitCode);
}

/**
 * The official conformance suite of the Gateway API, on a test cluster.
 * @param {string} work @returns {Promise<Counts>}
 */
async function runConformance(work) {
  const file = join(work, 'conformance.json');
  const report = join(root, '.cache/conformance/report.yaml');
  const args = ['test/conformance/main.ts', '--report', report, '--counts', file];
  return readCounts(file, await runOnToolchain(args));
}

/** @returns {Promise<{ passed: string[], failed: string[] }>} */
async function runChecks() {
  const runs = join(root, '.turbo/runs');
  rmSync(runs, { recursive: true, force: true });
  const exitCode = await runTasks(checks, ['--summarize']);
  if (exitCode === 0) return { passed: checks, failed: [] };
  const summary = existsSync(runs) && readdirSync(runs).find((name) => name.endsWith('.json'));
  if (!summary) return { passed: [], failed: checks };
  const { tasks } = JSON.parse(readFileSync(join(runs, summary), 'utf8'));
  /** @param {string} name */
  const passed = (name) =>
    tasks.some((/** @type {any} */ task) => task.task === name && task.execution?.exitCode === 0);
  return { passed: checks.filter(passed), failed: checks.filter((name) => !passed(name)) };
}

/**
 * The names of what failed and was skipped stand at the end, where those look who see only the end of a log.
 * @param {Counts} counts
 */
function finish({ passed, failed, failures, skipped }) {
  for (const [title, lines] of Object.entries({ skipped, failed: failures }))
    if (lines.length > 0) console.log(`\n${title}:\n${lines.map((line) => `  ${line}`).join('\n')}\n`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
  console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
}

async function main() {
  const setUp = spawnSync(process.execPath, [join(root, 'scripts/bootstrap.mjs')], { stdio: 'inherit' });
  if (setUp.status !== 0) return finish(noRun('the set-up'));
  mkdirSync(join(root, '.cache'), { recursive: true });
  const work = mkdtempSync(join(root, '.cache/test-'));
  try {
    const isWhole = process.argv.length === 2;
    const checked = await runChecks();
    // Minutes, once for each version: not within the time limit of a test. What fails here fails in the tests that need it.
    if (isWhole) await runOnToolchain(['packages/testkit/src/cluster/prepare-tests.ts']);
    const tiers = [await runTests(work)];
    if (isWhole) tiers.push(await runConformance(work));
    finish({
      passed: tiers.reduce((sum, { passed }) => sum + passed, checked.passed.length),
      failed: tiers.reduce((sum, { failed }) => sum + failed, checked.failed.length),
      failures: [...checked.failed, ...tiers.flatMap(({ failures }) => failures)],
      skipped: tiers.flatMap(({ skipped }) => skipped),
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

try {
  await main();
} catch (error) {
  console.log(error);
  finish(noRun('npm test itself, see above'));
}
