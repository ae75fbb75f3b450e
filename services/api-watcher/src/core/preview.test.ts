import type { Fact } from '@sluice/events';
import { expect, test } from 'vitest';
import type { Environment } from './draft.ts';
import { previewFacts } from './preview.ts';

const environment: Environment = {
  addressing: { kind: 'pool', pool: ['127.80.0.1', '127.80.0.2'], lowPortOffset: 0, usable: () => true },
  controllers: new Set(['sluice.dev/gateway-controller']),
  standalone: true,
  keyId: 'k1',
  maxEventBytes: 1_000_000,
  inspect: () => ({ digest: 'd', dnsNames: [], notBefore: '', notAfter: '', fault: '' }),
};
const gateway = (name: string, port = 80): string =>
  `apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: ${name}}\nspec: {gatewayClassName: sluice, listeners: [{name: l, port: ${port}, protocol: HTTP}]}\n`;

function preview(files: Record<string, string>, facts: ReadonlyMap<string, Fact>) {
  const bytes = new Map(Object.entries(files).map(([name, text]) => [name, new TextEncoder().encode(text)]));
  return previewFacts({ files: bytes, facts, nowMs: 0, environment });
}

/** The facts in force after a first list. */
function listed(files: Record<string, string>): Map<string, Fact> {
  return new Map(preview(files, new Map()).map(({ fact, encoded }) => [encoded.subject, fact]));
}

test('files that declare what is in force change nothing, whatever they are called', () => {
  const facts = listed({ 'a.yaml': gateway('a') });
  expect(facts.size).toBeGreaterThan(4);
  expect(preview({ 'other.yaml': gateway('a') }, facts)).toEqual([]);
});

test('a Gateway keeps the address that it has, and a new one gets the next', () => {
  const facts = listed({ 'b.yaml': gateway('b') });
  const planned = preview({ 'all.yaml': [gateway('a'), gateway('b', 81)].join('---\n') }, facts);
  const changes = planned.map(({ fact }) => fact);
  expect(changes).toMatchObject([
    { type: 'ObjectChanged', object: { metadata: { name: 'a', generation: 1 } } },
    { type: 'ObjectChanged', object: { metadata: { name: 'b', generation: 2 } } },
    { type: 'AddressAssigned', gateway: { name: 'a' }, addresses: ['127.80.0.2'] },
  ]);
});

test('what no file declares goes, save for what may stand in one that cannot be read', () => {
  const facts = listed({ 'a.yaml': gateway('a'), 'b.yaml': gateway('b') });
  expect(preview({ 'b.yaml': gateway('b') }, facts).map(({ fact }) => fact.type)).toEqual([
    'AddressReleased',
    'ObjectDeleted',
  ]);
  const broken = preview({ 'a.yaml': 'a: [', 'b.yaml': gateway('b') }, facts);
  expect(broken.map(({ fact }) => fact)).toMatchObject([{ type: 'FileRefused', file: 'a.yaml' }]);
});
