import { mkdirSync, writeFileSync } from 'node:fs';
import { tempDir } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { interfaceIndexes } from './node.ts';

test('interfaces are found by whole names and by beginnings; one that just went is passed over', () => {
  using dir = tempDir();
  for (const [name, index] of Object.entries({
    eth0: '2\n',
    veth10: '12\n',
    veth9: '7\n',
    cali1: '3\n',
    vethgone: undefined,
  })) {
    mkdirSync(dir.file(name));
    if (index !== undefined) writeFileSync(dir.file(name, 'ifindex'), index);
  }
  expect(interfaceIndexes(['veth*', 'cali1'], dir.path)).toEqual([3, 7, 12]);
  expect(interfaceIndexes(['veth', 'cali'], dir.path)).toEqual([]);
  expect(interfaceIndexes([], dir.path)).toEqual([]);
});
