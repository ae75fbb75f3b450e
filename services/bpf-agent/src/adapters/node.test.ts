import { mkdirSync, writeFileSync } from 'node:fs';
import type { NetworkInterfaceInfo } from 'node:os';
import { tempDir } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { interfaceIndexes, interfacesOf } from './node.ts';

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

const bearing = (address: string, internal = false): NetworkInterfaceInfo[] => [
  { address, internal, cidr: null, mac: '', netmask: '', family: 'IPv4' },
];
const interfaces = { lo: bearing('192.0.2.1', true), eth0: bearing('192.0.2.1'), eth1: bearing('192.0.2.9') };

test('`auto` stands for the interfaces that bear the addresses of the node', () => {
  const ips = { ipv4: '192.0.2.1', ipv6: '' };
  expect(interfacesOf(['bond0', 'auto', 'eth0'], ips, interfaces)).toEqual(['bond0', 'eth0']);
  expect(interfacesOf(['eth9'], ips, interfaces)).toEqual(['eth9']);
  expect(() => interfacesOf(['auto'], { ipv4: '192.0.2.77', ipv6: '' }, interfaces)).toThrow(
    'no interface bears an address of this node (192.0.2.77)',
  );
});
