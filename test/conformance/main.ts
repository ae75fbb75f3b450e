/** `npm run conformance`: see `options.ts`. Exit code 0 when tests ran and none failed, else 1. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { clusterUnavailable, ensurePrograms, startCluster } from '@sluice/testkit/cluster';
import { networkUnavailable } from '@sluice/testkit/network';
import { claimedFeatures } from './accepted.ts';
import { conformanceImages } from './images.ts';
import { installSluice } from './install.ts';
import { type ConformanceOptions, readOptions, usage } from './options.ts';
import { readReport, verdict } from './report.ts';
import { reportPage, reportTables } from './report-table.ts';
import { runSuite } from './suite.ts';

const checkout = join(import.meta.dirname, '..', '..');

async function run(options: ConformanceOptions): Promise<boolean> {
  const { 'conformance.test': suite } = await ensurePrograms(['conformance.test']);
  await using cluster = await startCluster({
    channel: options.channel,
    pods: { images: await conformanceImages(), kubeProxy: options.kubeProxy },
  });
  await installSluice(cluster, options);
  const features = await claimedFeatures(cluster);
  rmSync(options.report, { force: true });
  const code = await runSuite(cluster, { suite, options, features });
  return tell(options) && code === 0;
}

/** Prints the report; false where tests failed or none ran. */
function tell({ report: file, writePage, counts }: ConformanceOptions): boolean {
  if (!existsSync(file)) throw new Error('the suite ended before it wrote a report: the reason is above');
  const report = readReport(readFileSync(file, 'utf8'));
  process.stdout.write(`\n${reportTables(report)}\nreport: ${file}, log: ${file}.log\n`);
  if (writePage) writeFileSync(join(checkout, 'docs', 'conformance.md'), reportPage(report));
  const { passed, failed, failures } = verdict(report);
  if (counts !== undefined) writeFileSync(counts, JSON.stringify({ passed, failed, failures, skipped: [] }));
  return passed > 0 && failed === 0;
}

function unavailable({ kubeProxy }: ConformanceOptions): string | undefined {
  return clusterUnavailable() ?? (kubeProxy ? undefined : networkUnavailable());
}

/** As a tier of `npm test`: what cannot run here is told as skipped, with the reason. */
function skip(counts: string, reason: string): void {
  writeFileSync(
    counts,
    JSON.stringify({ passed: 0, failed: 0, failures: [], skipped: [`conformance suite: ${reason}`] }),
  );
}

try {
  const options = readOptions(process.argv.slice(2));
  const missing = options === undefined ? undefined : unavailable(options);
  if (options === undefined) process.stdout.write(usage);
  else if (missing !== undefined && options.counts !== undefined) skip(options.counts, missing);
  else if (missing !== undefined) throw new Error(`the suite cannot run here: ${missing}`);
  else process.exitCode = (await run({ ...options, report: resolve(options.report) })) ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
