import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tempDir } from '@sluice/testkit';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import type { Refusal } from '../core/quarantine.ts';
import { cluster, listener } from '../testing/ir.ts';
import { type IrStep, XdsStore } from './xds-store.ts';

const position = { incarnation: 'i1', seq: 5, hash: 'h' };
const revision = { epoch: 1, seq: 5 };
const change = (resource: ReturnType<typeof cluster> | ReturnType<typeof listener>) => ({
  kind: resource.kind,
  key: resource.key,
  resource,
  revision,
});

function save(store: XdsStore, step: IrStep): void {
  store.saveAll({ steps: [step], acks: [] });
}

test('what is saved is there after a restart: puts, removals, position and revision', () => {
  using dir = tempDir();
  const file = dir.file('state/xds.sqlite');
  const first = new XdsStore(file);
  expect(first.load()).toBe(undefined);
  save(first, {
    reset: false,
    changes: [change(cluster('a')), change(cluster('b')), change(listener(80))],
    position,
    revision,
  });
  const next = { position: { ...position, seq: 6 }, revision: { epoch: 1, seq: 6 } };
  const { kind, key } = cluster('a');
  save(first, {
    reset: false,
    changes: [{ kind, key, revision }, change(cluster('b', { connectTimeoutMs: 9 }))],
    ...next,
  });
  first.close();
  expect(statSync(file).mode & 0o777).toBe(0o600);

  const second = new XdsStore(file);
  expect(second.load()).toEqual({
    ...next,
    changes: [change(cluster('b', { connectTimeoutMs: 9 })), change(listener(80))],
  });
  save(second, { reset: true, changes: [change(cluster('c'))], ...next });
  expect(second.load()?.changes).toEqual([change(cluster('c'))]);
  second.close();
});

test('a damaged file and one of another version are set aside', () => {
  using dir = tempDir();
  const file = dir.file('xds.sqlite');
  const good = new XdsStore(file);
  save(good, { reset: false, changes: [change(cluster('a'))], position, revision });
  good.close();
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.fill(0xff, 100, 6_000));
  const rebuilt = new XdsStore(file);
  expect(rebuilt.setAside).not.toBe(undefined);
  expect(rebuilt.load()).toBe(undefined);
  expect(existsSync(`${file}.broken`)).toBe(true);
  rebuilt.close();

  const newer = new Database(file);
  newer.pragma('user_version = 99');
  newer.close();
  const other = new XdsStore(file);
  expect(other.setAside).toBe('of version 99');
  other.close();
});

test('acknowledgements count for their incarnation of the stream alone', () => {
  using dir = tempDir();
  const store = new XdsStore(dir.file('xds.sqlite'));
  store.saveAll({ steps: [], acks: [{ node: 'n1', revision: { epoch: 1, seq: 3 }, incarnation: 'i1' }] });
  store.saveAll({ steps: [], acks: [{ node: 'n1', revision: { epoch: 1, seq: 4 }, incarnation: 'i1' }] });
  store.saveAll({ steps: [], acks: [{ node: 'n2', revision: { epoch: 1, seq: 9 }, incarnation: 'i2' }] });
  expect(store.acks('i1')).toEqual([{ node: 'n1', revision: { epoch: 1, seq: 4 } }]);
  store.close();
});

test('refusals come back with their last good version, but never with that of a secret', () => {
  using dir = tempDir();
  const file = dir.file('xds.sqlite');
  const lastGood = {
    kind: 'route',
    name: 't',
    version: 'v1',
    body: new Uint8Array([1, 2]),
    uses: [{ kind: 'cluster', name: 'a' }],
    sources: [cluster('a').source],
  } as const;
  const route: Refusal = {
    node: 'n',
    kind: 'route',
    name: 't',
    version: 'v2',
    message: 'no',
    revision,
    resource: undefined,
    lastGood,
  };
  const secret: Refusal = {
    ...route,
    kind: 'secret',
    name: 's',
    lastGood: { ...lastGood, kind: 'secret', name: 's' },
  };
  const first = new XdsStore(file);
  first.saveRefusal(route);
  first.saveRefusal(secret);
  first.close();
  const second = new XdsStore(file);
  expect(second.refusals()).toEqual([route, { ...secret, lastGood: undefined }]);
  second.deleteRefusal(route);
  expect(second.refusals()).toHaveLength(1);
  second.close();
});
