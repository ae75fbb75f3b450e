// `npm run bench`: measures the running platform, prints one table, and writes JSON.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { CommanderError } from 'commander';
import { withBlock } from './marked-block.ts';
import { type BenchOptions, parseOptions } from './options.ts';
import { failuresOf } from './report.ts';
import { runBench } from './run.ts';
import { renderReport } from './table.ts';

/** For the output to be written. */
const exitMs = 1_000;
const startMs = performance.now();

function progress(text: string): void {
  const seconds = Math.round((performance.now() - startMs) / 1_000);
  process.stderr.write(`[${String(seconds).padStart(4)} s] ${text}\n`);
}

async function main(options: BenchOptions): Promise<number> {
  const stop = new AbortController();
  process.once('SIGINT', () => {
    progress('stopping; what has been measured is shown');
    stop.abort();
  });
  if (options.markdown !== undefined) withBlock(readFileSync(options.markdown, 'utf8'), '');
  const report = await runBench({ options, progress, signal: stop.signal });
  const json = resolve(
    options.json ?? join('.sluice', 'bench', `${report.startedAt.replaceAll(/[:.]/g, '-')}.json`),
  );
  mkdirSync(dirname(json), { recursive: true });
  writeFileSync(json, `${JSON.stringify(report, undefined, 2)}\n`);
  const text = renderReport(report);
  process.stdout.write(`${text}\n`);
  if (options.markdown !== undefined)
    writeFileSync(options.markdown, withBlock(readFileSync(options.markdown, 'utf8'), text));
  progress(`the whole report: ${json}`);
  return failuresOf(report).length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main(parseOptions(process.argv.slice(2)));
  // What was stopped in the middle may still wait for something.
  setTimeout(() => process.exit(), exitMs).unref();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}
