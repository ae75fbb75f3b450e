// What an operator compares: two moments, manifests that are not applied yet, another version of the translator. What a
// preview says is then made true, and has to be what is in force.
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { request, tempDir, until, writeManifests } from '@sluice/testkit';
import { afterAll, describe, expect, it } from 'vitest';
import { useSluice } from '../../harness/use-sluice.ts';

const checkout = fileURLToPath(new URL('../../..', import.meta.url));
const gatewayApi = 'gateway.networking.k8s.io/v1';

const gateway = {
  apiVersion: gatewayApi,
  kind: 'Gateway',
  metadata: { name: 'edge' },
  spec: { gatewayClassName: 'sluice', listeners: [{ name: 'http', protocol: 'HTTP', port: 80 }] },
};
const route = (name: string, rules: readonly object[]) => ({
  apiVersion: gatewayApi,
  kind: 'HTTPRoute',
  metadata: { name },
  spec: { parentRefs: [{ name: 'edge' }], hostnames: ['shop.example'], rules },
});
const to = (name: string, path: string, headers: readonly object[] = []) => ({
  matches: [{ path: { value: path }, headers }],
  backendRefs: [{ name, port: 8080 }],
});

/** Each try is a command of its own. */
const patience = { intervalMs: 300 };
const home = tempDir();
afterAll(() => home[Symbol.dispose]());
const world = useSluice({
  backends: ['web', 'cart'],
  manifests: () => ({
    'gateway.yaml': gateway,
    'shop.yaml': route('shop', [to('web', '/'), to('web', '/cart')]),
  }),
});

interface Change {
  readonly id: string;
  readonly change: string;
  readonly before?: unknown;
  readonly after?: unknown;
}
interface Report {
  readonly equal: boolean;
  readonly irHash?: { readonly from: string; readonly to: string };
  readonly changes: Readonly<Record<'objects' | 'refusals' | 'ir' | 'xds' | 'conditions', Change[]>>;
  readonly requests: {
    readonly read: number;
    readonly distinct: number;
    readonly changes: readonly { readonly path: string; readonly verdict: string; readonly count: number }[];
  };
  readonly faults: readonly { readonly message: string; readonly hint: string }[];
}

async function diff(...args: string[]): Promise<{ code: number | null; report: Report }> {
  const { code, stdout, output } = await world().sluice.cli(...args, '-o', 'json');
  if (code === 2) throw new Error(output);
  return { code, report: JSON.parse(stdout) as Report };
}

/** The directory of the instance with other files, as a new directory. */
function changed(name: string, files: Parameters<typeof writeManifests>[1]): string {
  const dir = home.file(name);
  cpSync(world().sluice.dir, dir, { recursive: true });
  writeManifests(dir, files);
  return dir;
}

const ids = (changes: readonly Change[]) => changes.map(({ id, change }) => `${change} ${id}`);

async function newestFact(): Promise<string> {
  const { stdout } = await world().sluice.cli('log', '-o', 'json');
  const last = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '{}') as { seq: number };
  return `${last.seq}`;
}

describe('sluice diff', () => {
  it('finds nothing between now and now, nor for the manifests that are applied', async () => {
    expect(await diff('diff', 'now', 'now')).toMatchObject({ code: 0, report: { equal: true } });
    const same = await world().sluice.cli('diff', world().sluice.dir);
    expect(same.output).toContain('no difference');
    expect(same.code).toBe(0);
  });

  it('tells what manifests would change, and the logged requests that would go elsewhere', async () => {
    const { sluice } = world();
    const target = await sluice.target('edge', 80);
    for (const path of ['/', '/cart/1', '/cart/1?token=secret', '/cart/2'])
      await request({ ...target, host: 'shop.example', path });
    const rules = [to('web', '/'), to('cart', '/cart'), to('cart', '/', [{ name: 'beta', value: 'yes' }])];
    const dir = changed('next', { 'shop.yaml': route('shop', rules) });
    const { code, report } = await until(async () => {
      const answer = await diff('diff', dir);
      return answer.report.requests.read >= 4 ? answer : undefined;
    }, patience);
    expect(code).toBe(1);
    expect(ids(report.changes.objects)).toEqual(['changed HTTPRoute/default/shop']);
    expect(ids(report.changes.ir)).toEqual([
      'added cluster:default/cart/8080',
      expect.stringContaining('added endpoint-group:default/cart-'),
      'changed http-route:default/shop',
    ]);
    expect(report.changes.conditions).toEqual([]);
    expect(report.requests.changes).toEqual([
      expect.objectContaining({ path: '/cart/1', verdict: 'differs', count: 2 }),
      expect.objectContaining({ path: '/cart/2', verdict: 'differs', count: 1 }),
      expect.objectContaining({ path: '/', verdict: 'may-differ', count: 1 }),
    ]);
    const { output } = await sluice.cli('diff', 'now', dir, '--details');
    expect(output).toMatch(
      /GET shop.example\/cart\/1 at \S+ +differs +2 +default\/shop rule 1: default\/web\/8080 +default\/shop rule 1: default\/cart\/8080/,
    );
    expect(output).toMatch(/^\+ .*name: cart$/m);
    expect(output).not.toContain('secret');
  });

  it('says beforehand exactly what is then in force', async () => {
    const { sluice } = world();
    const before = await newestFact();
    const preview = await diff('diff', home.file('next'));
    sluice.write({ 'shop.yaml': readFileSync(join(home.file('next'), 'shop.yaml'), 'utf8') });
    const real = await until(async () => {
      const answer = await diff('diff', before, 'now');
      return answer.report.equal || answer.report.changes.ir.length === 0 ? undefined : answer;
    }, patience);
    for (const part of ['objects', 'ir', 'conditions'] as const)
      expect(real.report.changes[part]).toEqual(preview.report.changes[part]);
    expect(ids(real.report.changes.xds)).toEqual(ids(preview.report.changes.xds));
    expect(real.code).toBe(1);
    const after = await newestFact();
    expect((await diff('diff', before, after)).report.changes.ir).toEqual(real.report.changes.ir);
  });

  it('names faults with their mend, and compares the rest', async () => {
    const bad = route('bad', [{ matches: [{ path: { value: 'no-slash' } }], backendRefs: [] }]);
    const extra = {
      apiVersion: gatewayApi,
      kind: 'GatewayClass',
      metadata: { name: 'mine' },
      spec: { controllerName: 'sluice.dev/gateway-controller' },
    };
    const dir = changed('faulty', { 'bad.yaml': bad, 'extra.yaml': extra });
    const { code, report } = await diff('diff', dir);
    expect(code).toBe(1);
    expect(report.faults).toHaveLength(1);
    expect(ids(report.changes.refusals)).toEqual(['added HTTPRoute/default/bad']);
    expect(ids(report.changes.objects)).toEqual(['added GatewayClass/mine']);
    const { output } = await world().sluice.cli('diff', dir);
    expect(output).toContain(`${dir}/bad.yaml:`);
    expect(output).toContain('mend: ');
  });

  it('ends with 2 where it cannot tell', async () => {
    for (const args of [['nowhere'], ['now', '999999'], ['2020-01-01T00:00:00Z']])
      expect((await world().sluice.cli('diff', ...args)).code).toBe(2);
  });
});

/** Enough of this checkout to run its translator, with one text of it replaced. */
function otherVersion(file: string, from: string, to_: string): string {
  const root = home.file('other-version');
  const copied = (source: string) => basename(source) !== 'gen' && basename(source) !== '.turbo';
  for (const path of ['packages', 'services/translator', 'package.json'])
    cpSync(join(checkout, path), join(root, path), {
      recursive: true,
      verbatimSymlinks: true,
      filter: copied,
    });
  mkdirSync(root, { recursive: true });
  symlinkSync(join(checkout, 'node_modules'), join(root, 'node_modules'));
  const text = readFileSync(join(root, file), 'utf8');
  expect(text).toContain(from);
  writeFileSync(join(root, file), text.replace(from, to_));
  return root;
}

describe('sluice replay --with', () => {
  it('shows what another version of the translator makes of the same facts', async () => {
    const same = await diff('replay', '--with', checkout);
    expect(same).toMatchObject({ code: 0, report: { equal: true } });
    expect(same.report.irHash?.to).toBe(same.report.irHash?.from);

    const edit = ['const connectTimeoutMs = 5000', 'const connectTimeoutMs = 4000'] as const;
    const root = otherVersion('services/translator/src/core/cluster.ts', ...edit);
    const { code, report } = await diff('replay', '--with', root);
    expect(code).toBe(1);
    expect(report.irHash?.to).not.toBe(report.irHash?.from);
    const web = report.changes.ir.find(({ id }) => id === 'cluster:default/web/8080');
    expect(web).toMatchObject({
      change: 'changed',
      before: { connectTimeoutMs: 5000 },
      after: { connectTimeoutMs: 4000 },
    });
    expect(ids(report.changes.xds)).toContain('changed Cluster/default/web/8080');
    expect(report.requests.changes).toEqual([]);
  });

  it('ends with 2 where that version cannot be run', async () => {
    const root = home.file('other-version');
    writeFileSync(join(root, 'services/translator/src/core/cluster.ts'), 'throw new Error("broken");');
    const broken = await world().sluice.cli('replay', '--with', root);
    expect(broken.code).toBe(2);
    expect(broken.output).toContain(`the translator of ${root} cannot be run`);
    rmSync(root, { recursive: true });
    expect((await world().sluice.cli('replay', '--with', root)).code).toBe(2);
  });
});
