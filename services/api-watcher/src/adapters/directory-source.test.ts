import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createMemoryLog, type MemoryLog } from '@sluice/event-log';
import { decodeEvent, type Fact, type FactOf } from '@sluice/events';
import { makeCertificate, type TempDir, tempDir, until } from '@sluice/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { factsOn, manifestOf, namesIn, type RunningWatcher, startWatcher } from './watcher.fixture.ts';

let dir: TempDir;
let log: MemoryLog;
let watcher: RunningWatcher;

beforeEach(() => {
  dir = tempDir();
  log = createMemoryLog();
});
afterEach(async () => {
  await watcher[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

const write = (name: string, text: string | Uint8Array): void => writeFileSync(dir.file(name), text);
/** Writes a file as good editors do. */
function replace(name: string, text: string): void {
  write('.new', text);
  renameSync(dir.file('.new'), dir.file(name));
}
const documents = (...names: string[]): string => names.map((name) => manifestOf(name, 1)).join('---\n');

async function start(stillMs = 60): Promise<void> {
  watcher = await startWatcher({ log, dir: dir.path, stillMs });
  await watcher.listed;
}

const names = (): string[] => namesIn(watcher.facts);
const becomes = (...wanted: string[]) =>
  until(() => JSON.stringify(names()) === JSON.stringify(wanted), {
    message: () => `${wanted}, not ${names()}`,
  });
const refusals = (): (FactOf<'ObjectRefused'> | FactOf<'FileRefused'>)[] => [
  ...watcher.facts.inForce.refusals.values(),
];
const told = (): string[] =>
  refusals().flatMap((r) =>
    r.faults.map((f) => `${f.origin.file}:${f.origin.line}:${f.origin.column} ${f.path}: ${f.message}`),
  );
const refused = (count = 1) =>
  until(() => refusals().length === count, { message: () => `${count} refusals, not ${told()}` });
/** What was written after the first list. */
async function sinceListed(): Promise<Fact['type'][]> {
  const all = await factsOn(log);
  return all.slice(all.findLastIndex((f) => f.type === 'KindSynced') + 1).map((f) => f.type);
}

describe('files', () => {
  test('several documents, kinds of file and directories are one list', async () => {
    mkdirSync(dir.file('sub', 'deep'), { recursive: true });
    write('a.yaml', `# a comment\n---\n${documents('a', 'b')}---\n`);
    write('sub/c.yml', documents('c'));
    write(
      'sub/deep/d.json',
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'd' },
        spec: { ports: [{ port: 1 }] },
      }),
    );
    write(
      'list.yaml',
      `apiVersion: v1\nkind: List\nitems:\n${['e', 'f'].map((n) => `- {apiVersion: v1, kind: Service, metadata: {name: ${n}}, spec: {ports: [{port: 1}]}}`).join('\n')}\n`,
    );
    write('notes.txt', documents('no'));
    write('.hidden.yaml', documents('no'));
    await start();
    expect(names()).toEqual(['a:1', 'b:1', 'c:1', 'd:1', 'e:1', 'f:1']);
  });

  test('a new directory is watched as well', async () => {
    await start();
    mkdirSync(dir.file('later'));
    write('later/a.yaml', documents('a'));
    await becomes('a:1');
    write('later/a.yaml', manifestOf('a', 22));
    await becomes('a:22');
  });

  test('the swap of a ConfigMap mount counts as a whole', async () => {
    for (const [n, text] of [
      ['1', documents('a', 'b')],
      ['2', documents('b', 'c')],
    ] as const) {
      mkdirSync(dir.file(`..${n}`));
      write(`..${n}/x.yaml`, text);
    }
    symlinkSync('..1', dir.file('..data'));
    symlinkSync('..data/x.yaml', dir.file('x.yaml'));
    await start();
    expect(names()).toEqual(['a:1', 'b:1']);
    symlinkSync('..2', dir.file('..tmp'));
    renameSync(dir.file('..tmp'), dir.file('..data'));
    await becomes('b:1', 'c:1');
  });

  test('a directory that leads into itself ends', async () => {
    symlinkSync('.', dir.file('loop'));
    write('a.yaml', documents('a'));
    await start();
    expect(names()).toEqual(['a:1']);
    expect(refusals()).toEqual([]);
  });
});

describe('what needs no event', () => {
  test('a renamed file, moved documents, comments, and the same file again', async () => {
    write('a.yaml', documents('a', 'b'));
    await start();
    renameSync(dir.file('a.yaml'), dir.file('z.yaml'));
    replace('z.yaml', `# moved\n---\n${documents('b', 'a')}`);
    write('z2.yaml', documents('c'));
    await becomes('a:1', 'b:1', 'c:1');
    expect(await sinceListed()).toEqual(['ObjectChanged']);
  });

  test('an object that moves to another file', async () => {
    write('a.yaml', documents('a', 'b'));
    await start();
    write('b.yaml', documents('b'));
    replace('a.yaml', documents('a'));
    write('c.yaml', documents('c'));
    await becomes('a:1', 'b:1', 'c:1');
    await until(() => refusals().length === 0);
    expect(await sinceListed()).not.toContain('ObjectDeleted');
  });

  test('a restart', async () => {
    write(
      'a.yaml',
      `${documents('a')}---\nkind: Gateway\napiVersion: gateway.networking.k8s.io/v1\nmetadata: {name: Bad}\n`,
    );
    await start();
    const before = await factsOn(log);
    await watcher[Symbol.asyncDispose]();
    await start();
    expect(await factsOn(log)).toEqual(before);
  });
});

describe('in-place edits', () => {
  test('what they add or change counts at once, what they take away when the file is still', async () => {
    write('a.yaml', documents('a', 'b', 'c'));
    await start(60_000);
    write('a.yaml', `${manifestOf('a', 22)}---\n${manifestOf('d', 1)}`);
    await becomes('a:22', 'b:1', 'c:1', 'd:1');
    expect(await sinceListed()).toEqual(['ObjectChanged', 'ObjectChanged']);
  });

  test('a removal counts once the file is still', async () => {
    write('a.yaml', documents('a', 'b', 'c'));
    await start(60);
    write('a.yaml', documents('a'));
    await becomes('a:1');
  });

  test('a file that grows piece by piece never takes anything away', async () => {
    const text = documents('a', 'b', 'c').replaceAll('port: 1', 'port: 8080');
    write('a.yaml', text);
    await start(400);
    truncateSync(dir.file('a.yaml'), 0);
    for (let i = 0; i < text.length; i += 7) {
      appendFileSync(dir.file('a.yaml'), text.slice(i, i + 7));
      await new Promise(setImmediate);
    }
    write('other.yaml', documents('x'));
    await becomes('a:8080', 'b:8080', 'c:8080', 'x:1');
    expect(await sinceListed()).toEqual(['ObjectChanged']);
  });

  test('a replaced file and a deleted one count at once', async () => {
    write('a.yaml', documents('a', 'b', 'c'));
    write('d.yaml', documents('d'));
    await start(60_000);
    replace('a.yaml', documents('a'));
    rmSync(dir.file('d.yaml'));
    await becomes('a:1');
  });
});

describe('bad input', () => {
  test('malformed YAML: what the file held stays, others go on, and the mend clears it', async () => {
    write('a.yaml', documents('a', 'b'));
    await start();
    replace('a.yaml', `${documents('a')}---\nkind: [\n`);
    write('c.yaml', documents('c'));
    await refused();
    await becomes('a:1', 'b:1', 'c:1');
    expect(told()).toEqual([expect.stringMatching(/^a\.yaml:\d+:\d+ : /)]);
    expect(refusals()[0]?.type).toBe('FileRefused');
    replace('a.yaml', documents('b'));
    await becomes('b:1', 'c:1');
    expect(refusals()).toEqual([]);
  });

  test('malformed YAML over a restart: what the file held stays', async () => {
    write('a.yaml', documents('a'));
    write('b.yaml', documents('b'));
    await start();
    await watcher[Symbol.asyncDispose]();
    replace('a.yaml', 'kind: [');
    rmSync(dir.file('b.yaml'));
    replace('c.yaml', documents('c'));
    await start();
    expect(names()).toEqual(['a:1', 'b:1', 'c:1']);
    replace('a.yaml', '');
    await becomes('c:1');
  });

  test('an invalid object: its last good version stays, with line and column of the field', async () => {
    write('a.yaml', documents('a', 'b'));
    await start();
    replace(
      'a.yaml',
      `${manifestOf('a', 2)}---\n${manifestOf('b', 1).replace('port: 1', 'prot: 1\n    port: x')}`,
    );
    await refused();
    await becomes('a:2', 'b:1');
    expect(told()).toEqual([
      'a.yaml:16:5 spec.ports[0].port: must be a number, not text',
      'a.yaml:15:5 spec.ports[0].prot: unknown field',
    ]);
    replace('a.yaml', documents('a'));
    await becomes('a:1');
    expect(refusals()).toEqual([]);
  });

  test('an unknown kind is named with what is known', async () => {
    write(
      'a.yaml',
      `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: i\n---\n${documents('a')}`,
    );
    await start();
    expect(names()).toEqual(['a:1']);
    expect(refusals()[0]).toMatchObject({
      ref: { kind: 'NetworkPolicy' },
      faults: [{ origin: { line: 2, column: 1 }, hint: expect.stringContaining('HTTPRoute') }],
    });
  });

  test('one object in two files: the first file wins, and both places are named', async () => {
    write('a.yaml', manifestOf('a', 1));
    write('b.yaml', `\n${manifestOf('a', 2)}`);
    await start();
    expect(names()).toEqual(['a:1']);
    expect(told()).toEqual([
      'b.yaml:2:1 : Service/default/a is also declared at a.yaml:1, which is the one in force',
    ]);
    rmSync(dir.file('a.yaml'));
    await becomes('a:2');
    expect(refusals()).toEqual([]);
  });

  test.each<[string, string | Uint8Array]>([
    [
      'an alias bomb',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefghi'].map((c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdefgh'[i]}`)}]`).join('\n')}\n`,
    ],
    ['a duplicate key', 'apiVersion: v1\nkind: Service\nkind: Service\n'],
    ['bytes that are no UTF-8', Uint8Array.from([0x61, 0x3a, 0x0a, 0xff, 0xfe])],
    ['an unknown tag', 'a: !evil x\n'],
    ['deep nesting', '['.repeat(100_000)],
    ['tabs', 'a:\n\tb: 1\n'],
    ['a document without a name', 'apiVersion: v1\nkind: Service\n'],
    ['a text', 'hello\n'],
  ])('%s harms nobody else', async (_, content) => {
    write('a.yaml', documents('a'));
    write('bad.yaml', content);
    await start();
    expect(names()).toEqual(['a:1']);
    expect(refusals()).toMatchObject([{ type: 'FileRefused', file: 'bad.yaml' }]);
  });

  test('an object of 1.4 MiB is taken', async () => {
    const filler = 'x'.repeat(1_400 * 1024);
    write(
      'big.yaml',
      `apiVersion: v1\nkind: Service\nmetadata:\n  name: big\n  annotations:\n    note: ${filler}\nspec: {ports: [{port: 1}]}\n`,
    );
    await start();
    expect(names()).toEqual(['big:1']);
  });

  test('an object too large for the log is refused by itself', async () => {
    log = createMemoryLog({ maxMessageBytes: 64 * 1024 });
    write(
      'a.yaml',
      `${documents('a')}---\n${manifestOf('big', 1).replace('spec:', `  annotations: {note: ${'x'.repeat(70_000)}}\nspec:`)}`,
    );
    await start();
    expect(names()).toEqual(['a:1']);
    expect(told()).toEqual([expect.stringMatching(/a\.yaml:9:1 : the object is \d+ bytes long/)]);
  });

  test('a Gateway of 5,000 listeners is refused with one precise fault', async () => {
    const listeners = Array.from({ length: 5000 }, (_, i) => ({
      name: `l${i}`,
      port: i + 1,
      protocol: 'HTTP',
    }));
    write(
      'g.json',
      JSON.stringify({
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'Gateway',
        metadata: { name: 'g' },
        spec: { gatewayClassName: 'cilium', listeners },
      }),
    );
    write('a.yaml', documents('a'));
    await start();
    expect(names()).toEqual(['a:1']);
    expect(told()).toEqual([expect.stringContaining('spec.listeners: must have at most 64 items')]);
  });

  test('a directory that disappears takes nothing away', async () => {
    mkdirSync(dir.file('root'));
    write('root/a.yaml', documents('a'));
    watcher = await startWatcher({ log, dir: dir.file('root'), stillMs: 60 });
    await watcher.listed;
    renameSync(dir.file('root'), dir.file('gone'));
    await refused();
    expect(names()).toEqual(['a:1']);
    renameSync(dir.file('gone'), dir.file('root'));
    await until(() => refusals().length === 0);
    expect(names()).toEqual(['a:1']);
  });
});

test('a certificate expires as an event, and its renewal clears it', async () => {
  const manifest = async (notAfter: Date): Promise<string> => {
    const { chainPem, keyPem } = await makeCertificate({ dnsNames: ['a.example'], notAfter });
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'c' },
      type: 'kubernetes.io/tls',
      stringData: { 'tls.crt': chainPem, 'tls.key': keyPem },
    });
  };
  write('c.json', await manifest(new Date(Math.ceil(Date.now() / 1000) * 1000 + 1000)));
  await start();
  const certificate = () => [...watcher.facts.inForce.certificates.values()][0];
  const expired = (): boolean | undefined => certificate()?.expired;
  // A busy machine may come to read it only when its time is over.
  for (let lifeMs = 2_000; expired() !== false; lifeMs *= 2) {
    const before = certificate();
    replace('c.json', await manifest(new Date(Date.now() + lifeMs)));
    await until(() => certificate() !== before);
  }
  await until(() => expired() === true);
  replace('c.json', await manifest(new Date(Date.now() + 3_600_000)));
  await until(() => expired() === false);
});

describe('damage to the log', () => {
  const gateway =
    'apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g}\nspec: {gatewayClassName: sluice, listeners: [{name: l, port: 80, protocol: HTTP}]}\n';

  async function filled(): Promise<Fact[]> {
    write('a.yaml', `${documents('a')}---\n${gateway}`);
    await start();
    replace('a.yaml', `${manifestOf('a', 2)}---\n${gateway}`);
    replace('b.yaml', documents('b'));
    await becomes('a:2', 'b:1');
    return watcher.facts.inForce.facts();
  }

  async function wholeAgain(before: readonly Fact[]): Promise<void> {
    await until(async () => (await log.verify('FACTS')).damage.length === 0);
    const state = await log.stateAt('FACTS');
    const found = [...state.events.values()]
      .map((event) => decodeEvent('FACTS', event.data))
      .flatMap((d) => (d.ok ? [d.event] : []));
    for (const fact of before) expect(found).toContainEqual(fact);
  }

  test('seen at the start: everything is written anew', async () => {
    const before = await filled();
    await watcher[Symbol.asyncDispose]();
    const { lastSeq } = await log.info('FACTS');
    log.faults.drop('FACTS', lastSeq);
    await start();
    expect(names()).toEqual(['a:2', 'b:1']);
    await wholeAgain(before.filter((f) => f.type === 'AddressAssigned' || f.type === 'KindSynced'));
  });

  test('seen while it runs: everything in force is written again as it was', async () => {
    const before = await filled();
    const { lastSeq } = await log.info('FACTS');
    log.faults.cutTail('FACTS', lastSeq - 1);
    replace('c.yaml', documents('c'));
    await becomes('a:2', 'b:1', 'c:1');
    await wholeAgain(before);
  });

  test('a lost stream is made again, as it was', async () => {
    const before = await filled();
    log.faults.lose('FACTS');
    replace('c.yaml', documents('c'));
    await becomes('a:2', 'b:1', 'c:1');
    await wholeAgain(before);
    expect(watcher.failed()).toBeUndefined();
  });

  test('a rival takes the lease: this one ends', async () => {
    await filled();
    await log.openWriter('FACTS', 'api-watcher');
    replace('c.yaml', documents('c'));
    await until(() => watcher.failed());
    expect(watcher.failed()).toMatchObject({ code: 'fenced' });
  });
});
