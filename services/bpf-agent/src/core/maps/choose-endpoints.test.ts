import type { IrEndpointGroup } from '@sluice/ir';
import { describe, expect, test } from 'vitest';
import { chooseEndpoints, type EndpointQuery } from './choose-endpoints.ts';

type Endpoint = IrEndpointGroup['endpoints'][number];

function group(...endpoints: Partial<Endpoint>[]): IrEndpointGroup {
  return {
    kind: 'endpoint-group',
    key: 'default/web-1/80',
    service: 'default/web/80',
    endpoints: endpoints.map((endpoint, i) => ({
      ...{ address: `10.0.0.${i + 1}`, port: 8080, state: 'ready' as const },
      ...endpoint,
    })),
  };
}

const here: EndpointQuery = {
  family: 'ipv4',
  local: false,
  distribution: undefined,
  node: { name: 'n1', zone: 'a' },
};

function chosen(
  of: IrEndpointGroup | readonly IrEndpointGroup[],
  query: Partial<EndpointQuery> = {},
): string[] {
  const groups = 'kind' in of ? [of] : of;
  return chooseEndpoints(groups, { ...here, ...query }).map(({ address, port }) => `${address}:${port}`);
}

const draining = { state: 'draining' as const };

describe('endpoints', () => {
  test('of several groups count once, as ready where one says so', () => {
    const [one, two] = [group({}, draining), group({ ...draining, address: '10.0.0.1' }, {})];
    expect(chosen([one, two])).toEqual(['10.0.0.1:8080', '10.0.0.2:8080']);
  });

  test('that differ in hints alone are the same whichever group was there first', () => {
    const groups = [group({ forNodes: ['n2'] }, {}), group({ forNodes: ['n1'] }), group({})];
    expect(chosen(groups)).toEqual(chosen(groups.toReversed()));
  });

  test('that terminate stand in where none is ready', () => {
    expect(chosen(group(draining, {}))).toEqual(['10.0.0.2:8080']);
    expect(chosen(group(draining, draining))).toEqual(['10.0.0.1:8080', '10.0.0.2:8080']);
    expect(chosen([])).toEqual([]);
  });

  test('are of the family that is asked for, and are addresses', () => {
    const mixed = group({ address: 'fd00::1' }, {}, { address: 'what' });
    expect(chosen(mixed)).toEqual(['10.0.0.2:8080']);
    expect(chosen(mixed, { family: 'ipv6' })).toEqual(['fd00::1:8080']);
  });

  test('of this node alone are not made up for by others, save by those of it that terminate', () => {
    const of = group({ node: 'n2' }, { ...draining, node: 'n1' });
    expect(chosen(of, { local: true })).toEqual(['10.0.0.2:8080']);
    expect(chosen(group({ node: 'n2' }, {}), { local: true })).toEqual([]);
  });
});

describe('what is near', () => {
  test.each<[string, IrEndpointGroup, Partial<EndpointQuery>, number[]]>([
    ['hints of zones', group({ forZones: ['a'] }, { forZones: ['b'] }, { forZones: ['a', 'b'] }), {}, [1, 3]],
    ['hints of zones, none for ours', group({ forZones: ['b'] }, { forZones: ['c'] }), {}, [1, 2]],
    ['hints that one lacks', group({ forZones: ['a'] }, {}), {}, [1, 2]],
    [
      'hints of nodes before those of zones',
      group({ forZones: ['a'], forNodes: ['n1'] }, { forZones: ['a'], forNodes: ['n2'] }),
      {},
      [1],
    ],
    [
      'hints of nodes, none for ours',
      group({ forZones: ['a'], forNodes: ['n2'] }, { forZones: ['b'], forNodes: ['n3'] }),
      {},
      [1],
    ],
    [
      'a distribution where hints speak',
      group({ zone: 'a', forZones: ['b'] }, { zone: 'b', forZones: ['a'] }),
      { distribution: 'same-zone' },
      [2],
    ],
    ['a zone', group({ zone: 'a' }, { zone: 'b' }, {}), { distribution: 'same-zone' }, [1]],
    ['a zone that has none', group({ zone: 'b' }, { zone: 'c' }), { distribution: 'same-zone' }, [1, 2]],
    [
      'a node of no known zone',
      group({ zone: '' }, { zone: 'c' }),
      { distribution: 'same-zone', node: { name: 'n1', zone: '' } },
      [1, 2],
    ],
    [
      'the node',
      group({ node: 'n1', zone: 'a' }, { node: 'n2', zone: 'a' }),
      { distribution: 'same-node' },
      [1],
    ],
    [
      'the node, and its zone next',
      group({ node: 'n2', zone: 'a' }, { node: 'n3', zone: 'b' }),
      { distribution: 'same-node' },
      [1],
    ],
    ['nothing', group({ zone: 'a' }, { zone: 'b' }), {}, [1, 2]],
  ])('%s', (_, of, query, places) =>
    expect(chosen(of, query)).toEqual(places.map((place) => `10.0.0.${place}:8080`)),
  );
});
