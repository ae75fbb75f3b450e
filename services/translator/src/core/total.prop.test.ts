import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addressFact, builtInClasses, controllerNames, factInput, syncedFacts } from '../scenario.fixture.ts';
import { anyObject } from './any-object.fixture.ts';
import { createTranslator } from './index.ts';

test('no object makes the translator throw', () => {
  fc.assert(
    fc.property(fc.array(anyObject, { maxLength: 12 }), (objects) => {
      const translator = createTranslator({ controllerNames, reportOrphans: true });
      const begin = [...builtInClasses(), addressFact('default/gw', ['127.80.0.1']), ...syncedFacts()];
      expect(translator.apply({ facts: begin, revision: { epoch: 1, seq: 1 } }).ready).toBe(true);
      objects.forEach((changed, i) => {
        const origin = { file: '', line: 1, column: 1 };
        const fact = {
          subject: `object.${i}`,
          fact: { type: 'ObjectChanged' as const, object: changed, origin },
        };
        expect(translator.apply({ facts: [fact], revision: { epoch: 1, seq: i + 2 } }).ready).toBe(true);
      });
    }),
    { numRuns: 400 },
  );
});

test('a deleted object of a kind that is none of ours changes nothing', () => {
  const translator = createTranslator({ controllerNames });
  const ref = { group: 'x', kind: 'constructor', namespace: 'a', name: 'b' };
  const facts = [...syncedFacts(), factInput({ type: 'ObjectDeleted', ref, uid: '' })];
  expect(translator.apply({ facts, revision: { epoch: 1, seq: 1 } }).ir.puts).toEqual([]);
});
