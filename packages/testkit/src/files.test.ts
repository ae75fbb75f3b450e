import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { makeCertificate } from './certificate.ts';
import { goldenCases } from './golden.ts';
import { serviceObjects, tlsSecret, writeManifests } from './manifests.ts';
import { type TempDir, tempDir } from './temp-dir.ts';

let dir: TempDir;
const before = { ...process.env };
beforeEach(() => {
  dir = tempDir();
});
afterEach(() => {
  process.env = { ...before };
  dir[Symbol.dispose]();
  expect(existsSync(dir.path)).toBe(false);
});

it('compares goldens, and writes them only when asked to and outside CI', () => {
  expect(() => goldenCases(dir.path)).toThrow('no *.in.yaml');
  writeFileSync(dir.file('a.in.yaml'), 'x: 1\n');
  const [one] = goldenCases(dir.path);
  expect(one).toMatchObject({ name: 'a', input: 'x: 1\n' });
  process.env = { ...before, UPDATE_GOLDEN: '', CI: '' };
  expect(() => one?.expectOutput('y\n')).toThrow(/missing/);
  process.env = { ...before, UPDATE_GOLDEN: '1', CI: 'true' };
  expect(() => one?.expectOutput('y\n')).toThrow(/missing/);
  process.env = { ...before, UPDATE_GOLDEN: '1' };
  delete process.env.CI;
  one?.expectOutput('y\n');
  process.env = { ...before, UPDATE_GOLDEN: '' };
  one?.expectOutput('y\n');
  expect(() => one?.expectOutput('z\n')).toThrow();
});

it('writes, replaces and removes manifests and leaves no other file', () => {
  writeManifests(dir.path, { 'a.yaml': 'kind: X\n', 'sub/b.yaml': [{ kind: 'Y' }, { kind: 'Z' }] });
  expect(parseAllDocuments(readFileSync(dir.file('sub/b.yaml'), 'utf8')).map((d) => d.toJS())).toEqual([
    { kind: 'Y' },
    { kind: 'Z' },
  ]);
  writeManifests(dir.path, { 'a.yaml': { kind: 'W' }, 'sub/b.yaml': null });
  expect(readFileSync(dir.file('a.yaml'), 'utf8')).toBe('kind: W\n');
  expect(readdirSync(dir.path)).toEqual(['a.yaml', 'sub']);
  expect(readdirSync(dir.file('sub'))).toEqual([]);
});

it('makes a Secret whose chain and key are PEM', async () => {
  const secret = tlsSecret('s', await makeCertificate({ dnsNames: ['a.example'] })) as {
    data: Record<string, string>;
  };
  const decoded = Object.values(secret.data).map((value) => Buffer.from(value, 'base64').toString());
  expect(decoded[0]?.match(/-----BEGIN CERTIFICATE-----/g)).toHaveLength(2);
  expect(decoded[1]).toMatch(/^-----BEGIN PRIVATE KEY-----/);
});

it('makes one EndpointSlice for each port of the backends', () => {
  const endpoints = [
    { address: '127.0.0.1', port: 1000 },
    { address: '127.0.0.1', port: 2000, conditions: { ready: false } },
  ];
  const [service, ...slices] = serviceObjects({ name: 'a', endpoints });
  expect(service).toMatchObject({ kind: 'Service', spec: { ports: [{ port: 8080 }] } });
  expect(slices).toMatchObject([
    { metadata: { name: 'a-1000' }, ports: [{ port: 1000 }], endpoints: [{ conditions: { ready: true } }] },
    { metadata: { name: 'a-2000' }, ports: [{ port: 2000 }], endpoints: [{ conditions: { ready: false } }] },
  ]);
});
