// The child process that holds libbpf: does the agent's calls in order, sends records of the ring buffer, ends with the agent.
import { KernelError, type KernelFault } from '../core/kernel-port.ts';
import { NodeKernel } from './node-kernel.ts';
import type { Answer, CallName, Request } from './protocol.ts';

/** How often the ring buffer is looked at, and how much is taken at once. */
const drainMs = 5;
const drainRecords = 8_192;

const kernel = new NodeKernel();
let done: Promise<void> = Promise.resolve();
let listening = false;
/** Whether the agent has still to take what was sent: the ring buffer holds the rest, and counts what it cannot. */
let owed = false;

const say = (answer: Answer): void => void process.send?.(answer);

function faultOf(thrown: unknown): KernelFault {
  if (thrown instanceof KernelError) return thrown.fault;
  const message = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return { kind: 'failed', errno: 0, message };
}

async function answer(id: number, name: CallName, values: readonly unknown[]): Promise<void> {
  try {
    // the sender's types hold for both ends: they are the same file
    const call = kernel[name] as (...values: readonly unknown[]) => unknown;
    const value = await call.apply(kernel, [...values]);
    if (name === 'listen') listening = true;
    say({ kind: 'result', id, value });
  } catch (thrown) {
    say({ kind: 'fault', id, fault: faultOf(thrown) });
  }
}

function drain(): void {
  if (!listening || owed) return;
  const batch = kernel.drain(drainRecords);
  if (batch.sizes.length === 0) return;
  owed = true;
  say({ kind: 'events', batch });
}

process.on('message', (request: Request) => {
  if (request.kind === 'taken') {
    owed = false;
    drain();
    return;
  }
  done = done.then(() => answer(request.id, request.name, request.values));
});
process.on('disconnect', () => process.exit(0));
setInterval(drain, drainMs);
// A terminal's Ctrl-C reaches the whole group: the agent decides when this process ends.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
