// The commands of the guides, as they stand there: each is run, in order, and its output compared with what the guide shows.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeCertificate, tlsSecret, writeManifests } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Bench } from './standalone/up.fixture.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const shop = join(root, 'examples/shop/manifests');

interface Step {
  readonly command: string;
  /** Lines that the guide shows; `…` stands for anything, a line of its own for any lines. */
  readonly shown: readonly string[];
  readonly code: number;
}

/** The steps of all `console` blocks of a guide that can be run here: what starts something runs until Ctrl-C. */
function stepsOf(guide: string): Step[] {
  const text = readFileSync(join(root, 'docs/guides', guide), 'utf8');
  const blocks = [...text.matchAll(/^```console\n(.*?)^```/gms)].map(([, block = '']) => block);
  return blocks
    .flatMap((block) => block.split(/^\$ /m).slice(1))
    .map((part) => {
      const [command = '', ...shown] = part.trimEnd().split('\n');
      const code = /^\[exit code (\d)\]$/.exec(shown.at(-1) ?? '')?.[1];
      return { command, shown: code === undefined ? shown : shown.slice(0, -1), code: Number(code ?? 0) };
    })
    .filter(({ command }) => /^bin\/sluice (?!up\b)/.test(command));
}

/** Widths of columns and addresses differ from machine to machine. */
function pattern(shown: readonly string[]): RegExp {
  const literal = (text: string) =>
    text
      .trim()
      .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      .replace(/\s+/g, ' +')
      .replaceAll('127\\.80\\.0', '127\\.\\d+\\.\\d+');
  const lines = shown.map((line) =>
    line === '…' ? '(?:.*\n)*?' : ` *${line.split('…').map(literal).join('.*')}.*\n`,
  );
  return new RegExp(`^${lines.join('')}`);
}

async function shopBench(): Promise<Bench> {
  const bench = new Bench({
    'gateway.yaml': readFileSync(join(shop, 'gateway.yaml'), 'utf8'),
    'routes.yaml': readFileSync(join(shop, 'routes.yaml'), 'utf8'),
    'services.yaml': readFileSync(join(shop, 'services.yaml'), 'utf8'),
  });
  const secrets = bench.file('secrets');
  mkdirSync(secrets);
  const certificate = await makeCertificate({ dnsNames: ['bookinfo.cilium.rocks'] });
  writeManifests(secrets, { 'demo-cert.yaml': tlsSecret('demo-cert', certificate) });
  await bench.ready({ args: [secrets] });
  return bench;
}

async function exampleBench(name: string, file = 'routes.yaml'): Promise<Bench> {
  const bench = new Bench({ [file]: readFileSync(join(root, 'examples', name, file), 'utf8') });
  await bench.ready();
  return bench;
}

async function envoyConfigBench(): Promise<Bench> {
  const files = ['weighted.yaml', 'retries.yaml', 'rewrite.yaml'];
  const read = (file: string) => readFileSync(join(root, 'examples/envoy-config', file), 'utf8');
  const bench = new Bench(Object.fromEntries(files.map((file) => [file, read(file)])));
  await bench.ready();
  return bench;
}

const worlds: readonly [name: string, start: () => Promise<Bench>, guides: readonly string[]][] = [
  ['the shop', shopBench, ['quick-start.md', 'cli.md', 'diff.md', 'convert-ingress.md']],
  ['examples/l4', () => exampleBench('l4'), ['l4.md']],
  ['examples/services', () => exampleBench('services', 'services.yaml'), ['services.md']],
  ['examples/l7-services', () => exampleBench('l7-services', 'services.yaml'), ['l7-services.md']],
  ['examples/ingress', () => exampleBench('ingress', 'shop.yaml'), ['ingress.md']],
  ['examples/envoy-config', envoyConfigBench, ['cilium-envoy-config.md']],
  ['examples/backend-tls', () => exampleBench('backend-tls'), ['backend-tls.md']],
];

describe.each(worlds)('%s', (_world, start, guides) => {
  let bench: Bench;
  /** The addresses of Gateways, Services and Ingresses begin with it; guides say 127.80.0. */
  let pool = '';
  beforeAll(async () => {
    bench = await start();
    const shown = await Promise.all(
      ['gateways', 'services', 'ingresses', 'cec'].map((kind) => bench.run('get', kind, '-o', 'json')),
    );
    const addresses = shown.map(({ stdout }) => stdout).join('');
    pool = /"(127\.\d+\.\d+)\.\d+"/.exec(addresses)?.[1] ?? '';
  });
  afterAll(() => bench[Symbol.asyncDispose]());

  describe.each(guides)('%s', (guide) => {
    const steps = stepsOf(guide);

    it('has commands to try', () => {
      expect(steps.length).toBeGreaterThan(3);
    });

    it.each(steps.map((step) => [step.command, step] as const))('%s', async (command, { shown, code }) => {
      const typed = command.replaceAll('127.80.0', pool).split(' ').slice(1);
      const { code: ended, output } = await bench.runIn(root, ...typed);
      expect(output).toMatch(pattern(shown));
      expect(ended).toBe(code);
    });
  });
});
