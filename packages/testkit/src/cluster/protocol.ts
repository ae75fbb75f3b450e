import { z } from 'zod';
import { componentNames } from './components.ts';

const component = z.enum(componentNames);
const signal = z.enum(['SIGTERM', 'SIGKILL', 'SIGSTOP', 'SIGCONT']);

/** What the supervisor is told to do; each with a number that its answer repeats. */
export const orderSchema = z.discriminatedUnion('do', [
  /** Starts a part (again); answered when it serves. */
  z.object({ id: z.int(), do: z.literal('start'), component }),
  /** Sends a signal; after SIGTERM and SIGKILL answered when the part is gone. */
  z.object({ id: z.int(), do: z.literal('signal'), component, signal }),
  /** Compacts etcd at its newest revision. */
  z.object({ id: z.int(), do: z.literal('compact') }),
  /** Ends every process of Pods whose runner is gone, and gives an empty bpffs in place of the one that is there. */
  z.object({ id: z.int(), do: z.literal('clear-node') }),
  /** Puts what a file holds (a JSON list of `StoredObject`) into etcd. */
  z.object({ id: z.int(), do: z.literal('store'), file: z.string() }),
]);

/** An order without its number. */
export type Order =
  | { readonly do: 'start'; readonly component: z.infer<typeof component> }
  | {
      readonly do: 'signal';
      readonly component: z.infer<typeof component>;
      readonly signal: z.infer<typeof signal>;
    }
  | { readonly do: 'compact' | 'clear-node' }
  | { readonly do: 'store'; readonly file: string };

/** What the supervisor gets first: one line of JSON. */
export const setupSchema = z.object({
  dir: z.string(),
  nodeAddress: z.string(),
  controllerManager: z.boolean(),
  /** Whether it gets a view of its own of what a node's programs mount: /sys of its network, its cgroup as the root, an empty bpffs. */
  ownMounts: z.boolean(),
  apiServerArgs: z.array(z.string()),
  programs: z.record(z.string(), z.string()),
  /** Variables of single parts, beside those of the supervisor. */
  env: z.partialRecord(component, z.record(z.string(), z.string())),
});

/** The settings of one cluster. */
export type Setup = z.infer<typeof setupSchema>;

/** What the supervisor says, one JSON object a line. `failed` without an id: a part ended that nobody ended. */
export const reportSchema = z.discriminatedUnion('is', [
  /** Its namespaces are made. */
  z.object({ is: z.literal('born') }),
  /** An order was carried out. */
  z.object({ is: z.literal('done'), id: z.int() }),
  z.object({ is: z.literal('failed'), id: z.int().optional(), message: z.string() }),
]);

/** One line of the supervisor. */
export type Report = z.infer<typeof reportSchema>;
