// Cost follows the change where many Pods have host ports: runs of transforms are counted.
import { expect, test } from 'vitest';
import { builtInClasses, controllerNames, objectFact, sameCost, syncedFacts } from '../scenario.fixture.ts';
import { createTranslator, type FactInput } from './index.ts';

function pod(
  i: number,
  { hostPort = 80, ip = `10.${1 + (i >> 8)}.${i & 255}.1`, at = `n${i}` } = {},
): FactInput {
  return objectFact({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `p${i}`, creationTimestamp: `2026-01-01T00:00:${10 + (i % 50)}Z` },
    spec: { nodeName: at, containers: [{ name: 'web', ports: [{ containerPort: 8080, hostPort }] }] },
    status: { podIPs: [{ ip }] },
  });
}

const nodePort = objectFact({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'other' },
  spec: { type: 'NodePort', clusterIP: '10.96.0.1', ports: [{ port: 80, nodePort: 30_080 }] },
});

/** A Pod on each of `count` nodes, all with the same host port. */
function world(count: number) {
  const translator = createTranslator({ controllerNames });
  let seq = 1;
  const apply = (facts: readonly FactInput[]) => {
    const { ir, status, transforms } = translator.apply({ facts, revision: { epoch: 1, seq: seq++ } });
    return {
      transforms,
      puts: ir.puts.map(({ kind, key }) => `${kind} ${key}`),
      removes: ir.removes.map(({ kind, key }) => `${kind} ${key}`),
      statuses: status.puts.map(({ ref }) => `${ref.kind} ${ref.name}`),
    };
  };
  const each = Array.from({ length: count }, (_, i) => pod(i));
  apply([...builtInClasses(), ...each, nodePort, ...syncedFacts()]);
  return apply;
}

test('one Pod that changes among 100 and among 10,000 is one resource', () => {
  const both = sameCost(world(100), world(10_000));
  const moved = both(pod(7, { ip: '10.200.0.1' }));
  expect(moved).toMatchObject({ puts: ['l4-service Pod/default/p7'], removes: [], statuses: [] });
  expect(moved.transforms).toBeLessThanOrEqual(5);
  const added = both(pod(20_000));
  expect(added).toMatchObject({ puts: ['l4-service Pod/default/p20000'], removes: [], statuses: [] });
  expect(added.transforms).toBeLessThanOrEqual(6);
  const second = both(pod(20_049, { at: 'n7' }));
  expect(second).toMatchObject({ puts: [], removes: [], statuses: ['Pod p20049'] });
  expect(second.transforms).toBeLessThanOrEqual(8);
  const service = both(pod(8, { hostPort: 30_080 }));
  expect(service).toMatchObject({ removes: ['l4-service Pod/default/p8'], statuses: ['Pod p8'] });
  expect(service.transforms).toBeLessThanOrEqual(8);
}, 60_000);
