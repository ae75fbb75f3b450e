// Environment of bpf-agent.
import { hostname } from 'node:os';
import { type Flow, flowSchema } from '@sluice/events';
import { canonicalIp } from '@sluice/ir';
import { commonConfig, list } from '@sluice/service-kit';
import { z } from 'zod';
import { defaultMaglevSize, type MaglevSize, maglevSizes } from './core/maps/maglev.ts';

const flowTypes: readonly string[] = flowSchema.shape.type.options;

/** All variables that bpf-agent reads. */
export const configSchema = z.object({
  ...commonConfig,
  SLUICE_NODE: z
    .string()
    .regex(
      /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/,
      'must be the name of a node: lower-case letters, digits, "-" and "."',
    )
    .optional()
    .meta({
      description: 'Name of this node, as endpoints have it; default: the name of the machine',
      example: 'worker-1',
    }),
  SLUICE_ZONE: z.string().max(253).prefault('').meta({
    description: 'Zone of this node, as endpoints have it; without one no endpoint is near by its zone',
    example: 'eu-central-1a',
  }),
  SLUICE_NODE_IPS: list(',')
    .refine((all) => all.every((ip) => canonicalIp(ip) !== undefined), 'must be IP addresses')
    .prefault('')
    .meta({
      description:
        'Addresses of this node towards pods and other nodes, at most one of each family; default: the first that its interfaces have',
      example: '192.0.2.11,2001:db8::11',
    }),
  SLUICE_CGROUP: z.string().startsWith('/', 'must be an absolute path').optional().meta({
    description:
      'Directory of cgroup2 whose processes are served, and all below; default: all of the machine',
    example: '/sys/fs/cgroup/kubepods.slice',
  }),
  SLUICE_INTERFACES: list(',').prefault('').meta({
    description:
      'Interfaces at which packets to Services come in from outside; `auto`: those that bear SLUICE_NODE_IPS; without one only connections of processes here are served',
    example: 'eth0',
  }),
  SLUICE_POD_INTERFACES: list(',').prefault('').meta({
    description:
      'Interfaces of this node whose other end (veth, netkit) is in a pod, `*` for any ending: packets from outside skip the node on their way there',
    example: 'veth*,cali*',
  }),
  SLUICE_BPF_PIN_DIR: z
    .string()
    .startsWith('/', 'must be an absolute path')
    .prefault('/sys/fs/bpf/sluice')
    .meta({
      description:
        'Where maps and programs are kept while no agent runs: a directory for each node is made in it',
      example: '/sys/fs/bpf/sluice',
    }),
  SLUICE_FLOWS: list(',')
    .refine(
      (all) => all.every((type) => flowTypes.includes(type)),
      `must be of ${flowTypes.join(', ')}, or empty`,
    )
    .prefault(flowTypes.join(','))
    .meta({
      description:
        'What is told on NATS as flows: sockets whose address was translated, new connections at interfaces, drops with their reason; empty: nothing',
      example: 'dropped',
    }),
  SLUICE_MAGLEV_TABLE_SIZE: z
    .enum(maglevSizes.map(String) as [string, ...string[]])
    .prefault(`${defaultMaglevSize}`)
    .meta({
      description: `Slots of a Maglev table, the same on all nodes: ${maglevSizes.join(', ')}; a hundred times the endpoints of the largest Service, and more`,
      example: '65521',
    }),
});
export type Config = z.output<typeof configSchema>;

/** The name of this node. */
export function nodeNameOf({ SLUICE_NODE: name }: Pick<Config, 'SLUICE_NODE'>): string {
  return name ?? hostname().toLowerCase();
}

/** The size of tables, as a number. */
export function maglevSizeOf({
  SLUICE_MAGLEV_TABLE_SIZE: text,
}: Pick<Config, 'SLUICE_MAGLEV_TABLE_SIZE'>): MaglevSize {
  return maglevSizes.find((size) => `${size}` === text) ?? defaultMaglevSize;
}

/** The kinds of flows that are told. */
export function flowsOf({ SLUICE_FLOWS: wanted }: Pick<Config, 'SLUICE_FLOWS'>): Flow['type'][] {
  return flowSchema.shape.type.options.filter((type) => wanted.includes(type));
}
