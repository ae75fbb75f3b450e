import { type AckEvent, compareRevisions } from '@sluice/events';
import { type IrId, type IrResource, irIdOf, irResourceSchema } from '@sluice/ir';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { controllerNames, syncedFacts } from '../scenario.fixture.ts';
import { createTranslator, type FactInput, refKey, type Translator, translateFromScratch } from './index.ts';
import type { StatusOutput } from './status.ts';
import { anyAck, anyFact, beginning, foldFacts } from './world.fixture.ts';

const options = { controllerNames, reportOrphans: true } as const;

/** What a reader of the log has after the changes so far. */
class Mirror {
  readonly ir = new Map<IrId, IrResource>();
  readonly status = new Map<string, StatusOutput>();
  stateHash = '';

  feed(
    translator: Translator,
    input: { facts: readonly FactInput[]; acks?: readonly AckEvent[]; seq: number; statusesLater?: boolean },
  ): number {
    const { facts, acks = [], seq, statusesLater = false } = input;
    const output = translator.translate({ facts, acks, revision: { epoch: 1, seq } });
    for (const resource of output.ir.puts) this.ir.set(irIdOf(resource), resource);
    for (const { kind, key } of output.ir.removes) expect(this.ir.delete(`${kind}:${key}`)).toBe(true);
    this.stateHash = output.stateHash;
    return (
      output.ir.puts.length + output.ir.removes.length + (statusesLater ? 0 : this.feedStatuses(translator))
    );
  }

  feedStatuses(translator: Translator): number {
    const { puts, removes } = translator.statuses();
    for (const status of puts) this.status.set(refKey(status.ref), status);
    for (const ref of removes) expect(this.status.delete(refKey(ref))).toBe(true);
    return puts.length + removes.length;
  }
}

function sorted<V>(map: ReadonlyMap<string, V>): [string, V][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

const batch = fc.record({
  facts: fc.array(anyFact, { maxLength: 6 }),
  acks: fc.array(anyAck, { maxLength: 2 }),
  statusesLater: fc.boolean(),
});

function newestAcks(batches: readonly { acks: readonly AckEvent[] }[]): AckEvent[] {
  const byNode = new Map<string, AckEvent>();
  for (const { acks } of batches)
    for (const ack of acks) if (ack.type === 'EnvoyStateChanged') byNode.set(ack.node, ack);
  return [...byNode.values()];
}

test('incremental is the same as from scratch, over any facts, duplicates, deletes, batches and order', () => {
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 12 }), fc.infiniteStream(fc.nat()), (batches, random) => {
      const translator = createTranslator(options);
      const mirror = new Mirror();
      mirror.feed(translator, { facts: beginning, seq: 1 });
      for (const [i, b] of batches.entries()) mirror.feed(translator, { ...b, seq: i + 2 });
      mirror.feedStatuses(translator);
      const folded = foldFacts([...beginning, ...batches.flatMap((b) => b.facts)]);
      const shuffled = folded
        .map((fact) => ({ fact, at: random.next().value as number }))
        .sort((a, b) => a.at - b.at)
        .map(({ fact }) => fact);
      const fresh = translateFromScratch(shuffled, {
        ...options,
        acks: newestAcks(batches),
        revision: { epoch: 1, seq: 1 },
      });
      expect(sorted(mirror.ir)).toEqual(sorted(fresh.ir));
      expect(sorted(mirror.status)).toEqual(sorted(fresh.status));
      expect(mirror.stateHash).toBe(fresh.stateHash);
    }),
    { numRuns: 150 },
  );
});

const early = fc.oneof(
  fc.constant<'nothing'>('nothing'),
  fc.record({ first: fc.nat({ max: 6 }) }),
  fc.array(anyFact, { maxLength: 3 }),
);

test('facts that were said early change no output, whether they come or not', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(early, batch), { maxLength: 12 }), (steps) => {
      const [plain, prepared] = [createTranslator(options), createTranslator(options)];
      const outputOf = (translator: Translator, b: { facts: readonly FactInput[] }, seq: number) => {
        const { transforms, prepared, ...output } = translator.apply({ ...b, revision: { epoch: 1, seq } });
        return output;
      };
      for (const translator of [plain, prepared]) outputOf(translator, { facts: beginning }, 1);
      for (const [i, [word, b]] of steps.entries()) {
        if (word !== 'nothing')
          prepared.prepare(Array.isArray(word) ? word : b.facts.slice(0, Math.max(1, word.first)));
        expect(outputOf(prepared, b, i + 2)).toEqual(outputOf(plain, b, i + 2));
      }
    }),
    { numRuns: 200 },
  );
});

test('facts that were said early and come are translated once', () => {
  const [route] = fc.sample(
    anyFact.filter(({ fact }) => fact.type === 'ObjectChanged' && fact.object.kind === 'HTTPRoute'),
    { numRuns: 1, seed: 7 },
  );
  const facts = route === undefined ? [] : [route];
  const [plain, prepared] = [createTranslator(options), createTranslator(options)];
  for (const translator of [plain, prepared])
    translator.apply({ facts: beginning, revision: { epoch: 1, seq: 1 } });
  const before = prepared.counts();
  prepared.prepare(facts);
  const done = prepared.counts();
  const input = { facts, revision: { epoch: 1, seq: 2 } };
  const [expected, output] = [plain.apply(input), prepared.apply(input)];
  expect([expected.prepared, output.prepared]).toEqual(['none', 'came']);
  expect(output.transforms).toBe(expected.transforms);
  expect(done).not.toEqual(before);
  const sum = (counts: ReadonlyMap<string, number>) =>
    [...counts.values()].reduce((all, each) => all + each, 0);
  expect(sum(prepared.counts()) - sum(done)).toBeLessThan(sum(done) - sum(before));
});

test('facts that come twice change nothing', () => {
  fc.assert(
    fc.property(fc.array(anyFact, { maxLength: 25 }), (facts) => {
      const translator = createTranslator(options);
      const mirror = new Mirror();
      mirror.feed(translator, { facts: [...beginning, ...facts], seq: 1 });
      expect(mirror.feed(translator, { facts: foldFacts([...beginning, ...facts]), seq: 2 })).toBe(0);
    }),
    { numRuns: 100 },
  );
});

test('a restart at any point writes only what changed meanwhile, and nothing when nothing did', () => {
  fc.assert(
    fc.property(
      fc.array(anyFact, { maxLength: 20 }),
      fc.array(anyFact, { maxLength: 4 }),
      (before, meanwhile) => {
        const first = createTranslator(options);
        const mirror = new Mirror();
        mirror.feed(first, { facts: [...beginning, ...before], seq: 1 });
        const committed = { committedIr: first.committedIr(), committedStatus: first.committedStatus() };
        const idle = createTranslator({ ...options, ...committed });
        expect(new Mirror().feed(idle, { facts: foldFacts([...beginning, ...before]), seq: 2 })).toBe(0);
        for (const [id, { revision }] of idle.committedIr())
          expect(
            compareRevisions(revision, first.committedIr().get(id)?.revision ?? { epoch: 0, seq: 0 }),
          ).toBe(0);
        const second = createTranslator({ ...options, ...committed });
        const all = foldFacts([...beginning, ...before, ...meanwhile]);
        mirror.feed(second, { facts: all, seq: 3 });
        const fresh = translateFromScratch(all, options);
        expect(sorted(mirror.ir)).toEqual(sorted(fresh.ir));
        expect(sorted(mirror.status)).toEqual(sorted(fresh.status));
        expect(mirror.stateHash).toBe(fresh.stateHash);
      },
    ),
    { numRuns: 150 },
  );
});

test('gives nothing before every kind has had its first list', () => {
  fc.assert(
    fc.property(fc.array(anyFact, { maxLength: 15 }), fc.nat(), (facts, skip) => {
      const synced = syncedFacts();
      const missing = synced[skip % synced.length];
      const output = createTranslator(options).apply({
        facts: [...facts, ...synced.filter((fact) => fact !== missing)],
        revision: { epoch: 1, seq: 1 },
      });
      expect(output).toMatchObject({
        ready: false,
        ir: { puts: [], removes: [] },
        status: { puts: [], removes: [] },
      });
      expect(output.waiting).toHaveLength(1);
    }),
  );
});

test('the IR holds to its schema, and what it names is there', () => {
  fc.assert(
    fc.property(fc.array(anyFact, { maxLength: 30 }), (facts) => {
      const { ir } = translateFromScratch([...beginning, ...facts], options);
      const used = new Set([...ir.values()].flatMap(endpointsUsedBy));
      for (const resource of ir.values()) {
        expect(irResourceSchema.parse(resource)).toEqual(resource);
        if (resource.kind === 'endpoint-group') expect(used).toContain(resource.service);
        for (const id of namedBy(resource)) expect(ir.has(id), `${irIdOf(resource)} names ${id}`).toBe(true);
      }
    }),
    { numRuns: 200 },
  );
});

function namedBy(resource: IrResource): IrId[] {
  switch (resource.kind) {
    case 'gateway':
      return resource.listeners.map((key) => `listener:${key}` as const);
    case 'listener':
      return [
        `gateway:${resource.gateway}`,
        ...resource.servers.flatMap((s) => s.certificates.map((c) => `certificate:${c}` as const)),
      ];
    case 'http-route':
      return resource.rules.flatMap(({ action }) =>
        action.type === 'forward'
          ? action.backends.flatMap((b) => (b.cluster === null ? [] : [`cluster:${b.cluster}` as const]))
          : [],
      );
    case 'raw-resource':
    case 'endpoint-group':
    case 'l4-service':
    case 'l4-route':
    case 'cluster':
    case 'certificate':
      return [];
  }
}

/** Service ports whose endpoints a resource sends to. */
function endpointsUsedBy(resource: IrResource): string[] {
  switch (resource.kind) {
    case 'cluster':
      return [resource.endpoints];
    case 'l4-route':
      return resource.backends.flatMap(({ service }) => (service === null ? [] : [service]));
    case 'l4-service':
      return resource.frontends.map(({ endpoints }) => endpoints);
    default:
      return [];
  }
}
