import { irResourceSchema } from '@sluice/ir';
import { goldenCases } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { controllerNames, readScenario } from '../scenario.fixture.ts';
import { reasons, translateFromScratch } from './index.ts';
import type { StatusOutput } from './status.ts';

const table: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = reasons;
const cases = goldenCases(new URL('../../testdata', import.meta.url).pathname);

function translate(input: string) {
  const { facts, acks } = readScenario(input);
  return translateFromScratch(facts, {
    controllerNames,
    reportOrphans: true,
    acks,
    revision: { epoch: 1, seq: 1 },
  });
}

interface Seen {
  readonly id: string;
  readonly status: string;
  readonly reason: string;
}

/** Every condition in a status, named as the closed table does. */
function conditionsIn({ ref, status }: StatusOutput): Seen[] {
  const of = (place: string, list: unknown): Seen[] =>
    (list as { type: string; status: string; reason: string }[]).map((c) => ({
      ...c,
      id: `${place}.${c.type}`,
    }));
  if (ref.kind.endsWith('Route'))
    return (status.parents as { conditions: unknown }[]).flatMap((p) => of('Route', p.conditions));
  if (ref.kind === 'BackendTLSPolicy')
    return (status.ancestors as { conditions: unknown }[]).flatMap((a) => of(ref.kind, a.conditions));
  const own = of(ref.kind.replace('Clusterwide', ''), status.conditions);
  if (ref.kind !== 'Gateway' && ref.kind !== 'ListenerSet') return own;
  return [
    ...own,
    ...(status.listeners as { conditions: unknown }[]).flatMap((l) => of('Listener', l.conditions)),
  ];
}

describe.each(cases)('$name', ({ input, expectOutput }) => {
  const output = translate(input);

  test('gives this IR and these statuses', () => {
    const status = [...output.status.values()].filter(
      ({ ref }) => ref.kind !== 'GatewayClass' || ref.name.startsWith('my-'),
    );
    const shown = {
      ir: [...output.ir.values()],
      status: status.map(({ ref, status: said }) => ({
        of: `${ref.kind} ${ref.namespace}/${ref.name}`,
        ...said,
      })),
    };
    expectOutput(stringify(shown, { lineWidth: 0, aliasDuplicateObjects: false }));
  });

  test('gives reasons of the closed table only, for the generation it saw', () => {
    for (const status of output.status.values())
      for (const { id, status: value, reason } of conditionsIn(status)) {
        const allowed = table[id]?.[value];
        expect(allowed, `${id} is ${value}`).toContain(reason);
      }
  });

  test('gives an IR that holds to its schema', () => {
    for (const resource of output.ir.values()) expect(irResourceSchema.parse(resource)).toEqual(resource);
  });
});

/** Objects that would give these are refused by their schema; unit tests show them. */
const refusedBefore = ['Route.Accepted False IncompatibleFilters'];

test('together the scenarios show every reason of the table', () => {
  const seen = new Set<string>();
  for (const { input } of cases)
    for (const status of translate(input).status.values())
      for (const { id, status: value, reason } of conditionsIn(status)) seen.add(`${id} ${value} ${reason}`);
  const all = Object.entries(table).flatMap(([id, byStatus]) =>
    Object.entries(byStatus).flatMap(([value, list]) => list.map((reason) => `${id} ${value} ${reason}`)),
  );
  expect(all.filter((reason) => !seen.has(reason))).toEqual(refusedBefore);
});
