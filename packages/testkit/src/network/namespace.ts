import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

/** What a holder's namespaces are beside that of the network. */
export interface NamespaceOptions {
  /** Directory of cgroup2 that its processes run in. */
  readonly cgroup: string;
  /** Also own mounts and an own view of cgroups: a /sys of its network, its cgroup as the root of /sys/fs/cgroup, an empty bpffs. */
  readonly isNode: boolean;
}

/** A network namespace without a name: it is gone when its last process is, and no process outlives the test's. */
export interface Namespace {
  readonly pid: number;
  /** The words before a command that let it run inside. */
  readonly enter: readonly string[];
  /** Runs a command to its end. @throws Error with what it said when it fails */
  run(command: string, ...args: readonly string[]): string;
  /** Runs lines of `ip -batch`. */
  ip(lines: readonly string[]): void;
  /** Writes values of /proc/sys, by path below it. */
  sysctl(values: Readonly<Record<string, string>>): void;
  remove(): Promise<void>;
}

const nodeMounts = [
  'mount -t sysfs sysfs /sys',
  'mount -t cgroup2 cgroup2 /sys/fs/cgroup',
  'mount -t bpf bpf /sys/fs/bpf',
].join(' && ');

/** Words that put a command into a cgroup; the command ends with its parent. */
const intoCgroup = (cgroup: string) => [
  'setpriv',
  '--pdeathsig',
  'KILL',
  'sh',
  '-c',
  'echo 0 >"$0/cgroup.procs" && exec "$@"',
  cgroup,
];

/** Makes the namespaces. @throws Error where the kernel refuses */
export async function holdNamespace({ cgroup, isNode }: NamespaceOptions): Promise<Namespace> {
  const kinds = isNode ? ['--net', '--mount', '--cgroup'] : ['--net'];
  const setUp = isNode ? `${nodeMounts} && ` : '';
  const holder = await hold([
    ...intoCgroup(cgroup),
    'unshare',
    ...kinds,
    'sh',
    '-c',
    `${setUp}echo held && exec sleep infinity`,
  ]);
  const { pid } = holder;
  const enter = [...intoCgroup(cgroup), 'nsenter', `--target=${pid}`, ...kinds];
  const execute = (command: string, args: readonly string[], input = ''): string => {
    const [first = '', ...rest] = [...enter, command, ...args];
    const { status, stdout, stderr } = spawnSync(first, rest, { encoding: 'utf8', input });
    if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr.trim()} ${input}`);
    return stdout;
  };
  return {
    pid,
    enter,
    run: (command, ...args) => execute(command, args),
    ip: (lines) => void execute('ip', ['-batch', '-'], `${lines.join('\n')}\n`),
    sysctl: (values) => {
      const lines = Object.entries(values).map(([path, value]) => `echo ${value} >/proc/sys/${path}`);
      execute('sh', ['-c', lines.join(' && ')]);
    },
    remove: async () => {
      if (holder.exitCode !== null || holder.signalCode !== null) return;
      const gone = once(holder, 'exit');
      holder.kill('SIGKILL');
      await gone;
    },
  };
}

async function hold([command = '', ...args]: readonly string[]): Promise<
  ChildProcess & { readonly pid: number }
> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await Promise.race([once(child.stdout, 'data'), once(child, 'close'), once(child, 'error')]);
  if (child.pid === undefined || child.exitCode !== null)
    throw new Error(`cannot make a namespace: ${said.trim()}`);
  return Object.assign(child, { pid: child.pid });
}
