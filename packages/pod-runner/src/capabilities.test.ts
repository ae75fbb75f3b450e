import { expect, test } from 'vitest';
import { capabilitiesOf } from './capabilities.ts';

test.each([
  ['all dropped', { capabilities: { drop: ['ALL'] } }, '-all,+setgid,+setuid,+sys_chroot'],
  [
    'some added',
    { capabilities: { drop: ['ALL'], add: ['BPF', 'CAP_NET_ADMIN'] } },
    '-all,+bpf,+net_admin,+setgid,+setuid,+sys_chroot',
  ],
  ['privileged', { privileged: true }, '+all'],
  ['all added', { capabilities: { add: ['ALL'] } }, '+all'],
])('%s', (_, context, text) => {
  expect(capabilitiesOf(context)).toBe(text);
});

test('without a word it has what containers usually have', () => {
  expect(capabilitiesOf()).toContain('+net_raw');
  expect(capabilitiesOf()).not.toContain('sys_admin');
  expect(capabilitiesOf({ capabilities: { drop: ['NET_RAW'] } })).not.toContain('net_raw');
});
