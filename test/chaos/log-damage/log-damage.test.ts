// The log is damaged, lost or put back under a running platform: no request fails, and all finds back by itself.
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LoadGenerator, makeCertificate, request, tlsSecret, until } from '@sluice/testkit';
import { beforeAll, expect, it } from 'vitest';
import { gateway, httpListener, httpRoute, httpsListener, path, rule } from '../../harness/objects.ts';
import type { ProcessName } from '../../harness/sluice.ts';
import { useSluice } from '../../harness/use-sluice.ts';

const host = 'shop.example';
const certificate = await makeCertificate({ dnsNames: [host] });

const world = useSluice({
  backends: ['one', 'two'],
  manifests: () => ({
    'gateway.yaml': gateway('edge', [httpListener(), httpsListener('tls', host, 'shop-tls')]),
    'secret.yaml': tlsSecret('shop-tls', certificate),
    'steady.yaml': httpRoute('steady', {
      parent: 'edge',
      rules: [rule('one', { matches: [path('PathPrefix', '/steady')] })],
    }),
  }),
});

type Target = Awaited<ReturnType<ReturnType<typeof world>['sluice']['target']>>;
let http: Target;
let https: Target;
beforeAll(async () => {
  http = await world().sluice.target('edge', 80);
  https = await world().sluice.target('edge', 443);
});

let changes = 0;
/** Writes a route that was never there before and waits until it is served: the whole way from file to Envoy works. */
async function changeIsServed(): Promise<void> {
  changes += 1;
  const at = `/change/${changes}`;
  const rules = [rule('two', { matches: [path('PathPrefix', at)] })];
  world().sluice.write({ 'changing.yaml': httpRoute('changing', { parent: 'edge', rules }) });
  const served = async () => (await request({ ...http, path: at })).status === 200;
  await until(served, { message: `change ${changes} to be served` });
}

/** Steady requests over HTTP and HTTPS; resolves with what has failed. */
async function underLoad(work: () => Promise<void>): Promise<unknown[]> {
  const common = { path: '/steady', ratePerSecond: 40, maxSeconds: 110 };
  const tls = { servername: host, ca: certificate.caPem };
  await using plain = new LoadGenerator({ ...http, ...common });
  await using secure = new LoadGenerator({
    ...https,
    ...common,
    host,
    tls,
  });
  await work();
  const reports = [await plain.stop(), await secure.stop()];
  for (const { sent } of reports) expect(sent).toBeGreaterThan(0);
  return reports.flatMap(({ failures }) => failures);
}

/** Ends nats-server cleanly and does `work` before it is started again: meanwhile its supervisor stands still. */
async function whileNatsIsDown(work: () => void): Promise<void> {
  const { sluice } = world();
  const [up, nats] = [sluice.pid('up'), sluice.pid('nats')];
  process.kill(up, 'SIGSTOP');
  try {
    process.kill(nats, 'SIGTERM');
    const gone = () => readFileSync(`/proc/${nats}/cmdline`, 'utf8') === '';
    await until(gone, { message: 'nats to be gone' });
    work();
  } finally {
    process.kill(up, 'SIGCONT');
  }
  await until(() => sluice.pid('nats') !== nats, { message: 'another nats' });
}

function store(): string {
  return join(world().sluice.dataDir, 'nats');
}

/** Flips one bit of the first message of a stream that holds `text`. */
function flipBit(stream: string, text: string): void {
  const files = readdirSync(store(), { recursive: true, encoding: 'utf8' }).sort();
  for (const file of files.filter((name) => name.includes(`/${stream}/msgs/`) && name.endsWith('.blk'))) {
    const whole = join(store(), file);
    const bytes = readFileSync(whole);
    const at = bytes.indexOf(text);
    if (at < 0) continue;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(whole, bytes);
    return;
  }
  throw new Error(`${stream} holds no ${text}`);
}

async function replaced(name: ProcessName, work: () => Promise<unknown>): Promise<void> {
  const { sluice } = world();
  const old = sluice.pid(name);
  await work();
  await until(() => sluice.pid(name) !== old, { message: `another ${name}` });
}

async function verifies(): Promise<string> {
  const { code, output } = await world().sluice.cli('replay', '--verify');
  expect(output).toContain('verified');
  expect(code).toBe(0);
  return output;
}

/** All checks hold again. */
async function statusOf(): Promise<string> {
  let output = '';
  const fine = async () => {
    const status = await world().sluice.cli('status');
    output = status.output;
    return status.code === 0;
  };
  await until(fine, { intervalMs: 200, message: () => `status to hold:\n${output}` });
  return output;
}

it('facts that api-watcher has long read past are damaged, and a new translator comes upon it', async () => {
  const failures = await underLoad(async () => {
    await changeIsServed();
    await whileNatsIsDown(() => flipBit('FACTS', '"gatewayClassName"'));
    await changeIsServed();
    // Nobody reads so far back, but who asks is told.
    const told = async () => (await world().sluice.cli('status')).output;
    await until(async () => /fail +log\/FACTS /.test(await told()), { intervalMs: 200 });
    // One line for each stream: the others are whole.
    expect(await told()).toMatch(/ok +log\/SECRETS /);
    await replaced('translator', () => world().sluice.kill9('translator'));
    await changeIsServed();
  });
  expect(failures).toEqual([]);
  expect(await verifies()).toMatch(/FACTS .*healed/);
  expect(await statusOf()).toMatch(/ok +log\/FACTS +.*healed/);
});

it('the IR that the translator has long read past is damaged, and an xds-server without a state file comes upon it', async () => {
  const { sluice } = world();
  const failures = await underLoad(async () => {
    await whileNatsIsDown(() => flipBit('IR', '"kind":"cluster"'));
    await changeIsServed();
    await replaced('translator', () =>
      replaced('xds-server', async () => {
        rmSync(join(sluice.dataDir, 'xds', 'state.db'));
        await sluice.kill9('xds-server');
      }),
    );
    await changeIsServed();
  });
  expect(failures).toEqual([]);
  expect(await verifies()).toMatch(/IR .*healed/);
  expect(await statusOf()).toMatch(/ok +log\/IR +.*healed/);
});

it('the whole log is lost', async () => {
  const failures = await underLoad(async () => {
    await whileNatsIsDown(() => renameSync(store(), `${store()}.lost`));
    await changeIsServed();
  });
  expect(failures).toEqual([]);
  await verifies();
  await statusOf();
});

it('an older copy of the log is put in its place', async () => {
  const copy = `${store()}.copy`;
  const failures = await underLoad(async () => {
    await changeIsServed();
    await whileNatsIsDown(() => cpSync(store(), copy, { recursive: true }));
    // What the copy does not know: later epochs of each writer, and changes.
    await replaced('translator', () => world().sluice.kill9('translator'));
    await changeIsServed();
    await replaced('translator', () => world().sluice.kill9('translator'));
    await changeIsServed();
    await whileNatsIsDown(() => {
      renameSync(store(), `${store()}.newer`);
      renameSync(copy, store());
    });
    expect((await request({ ...http, path: `/change/${changes}` })).status).toBe(200);
    await changeIsServed();
  });
  expect(failures).toEqual([]);
  await verifies();
  await statusOf();
});
