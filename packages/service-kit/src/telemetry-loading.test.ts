import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** Prints which packages of OpenTelemetry a process loads that starts telemetry with the endpoint in its argument. */
const probe = `
import { registerHooks } from 'node:module';
const seen = new Set();
registerHooks({ resolve: (name, context, next) => {
  if (name.startsWith('@opentelemetry/')) seen.add(name);
  return next(name, context);
} });
const { startTelemetry } = await import('./telemetry.ts');
const endpoint = process.argv[1] === '' ? undefined : process.argv[1];
await startTelemetry({ service: 's', version: '1', replica: 's-0', endpoint });
console.log([...seen].sort().join(' '));
`;

async function loadedWith(endpoint: string): Promise<string[]> {
  const args = ['--input-type=module', '--eval', probe, endpoint];
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd });
  return stdout.trim().split(' ');
}

test('without an endpoint neither the SDK nor an exporter is loaded', async () => {
  const off = await loadedWith('');
  expect(off.filter((name) => !/\/(api|context-async-hooks|core)$/.test(name))).toEqual([]);
  expect(await loadedWith('http://127.0.0.1:9')).toContain('@opentelemetry/exporter-trace-otlp-http');
});
