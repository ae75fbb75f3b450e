import type { V1SecurityContext } from '@kubernetes/client-node';

/** What containerd gives a container that says nothing, in the words of setpriv(1). */
const usual = [
  ...['audit_write', 'chown', 'dac_override', 'fowner', 'fsetid', 'kill', 'mknod', 'net_bind_service'],
  ...['net_raw', 'setfcap', 'setgid', 'setpcap', 'setuid', 'sys_chroot'],
];
/** What entering its root and becoming its user takes; a container that runs as root keeps them. */
const entering = ['setgid', 'setuid', 'sys_chroot'];

/** Most capabilities that a container's processes can have, as setpriv(1) takes them for `--bounding-set`. */
export function capabilitiesOf({ privileged, capabilities }: V1SecurityContext = {}): string {
  if (privileged === true) return '+all';
  const words = (list: readonly string[] = []) => list.map((name) => name.toLowerCase().replace(/^cap_/, ''));
  const [add, drop] = [words(capabilities?.add), words(capabilities?.drop)];
  if (add.includes('all')) return '+all';
  const kept = usual.filter((name) => !drop.includes('all') && !drop.includes(name));
  return ['-all', ...new Set([...kept, ...add, ...entering])].join(',+');
}
