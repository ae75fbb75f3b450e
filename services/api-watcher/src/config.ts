import { commonConfig, integer, list } from '@sluice/service-kit';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';

/** Settings of api-watcher. */
export const configSchema = z.object({
  ...commonConfig,
  SLUICE_SOURCE_DIRS: list(':', 1).meta({
    description: 'Directories with manifests, separated by ":"',
    example: '/etc/sluice/manifests',
  }),
  SLUICE_ADDRESS_POOL: z
    .string()
    .refine((cidr) => ipaddr.isValidCIDR(cidr), 'must be a CIDR such as 127.80.0.0/24')
    .default('127.80.0.0/24')
    .meta({ description: 'Addresses that Gateways get', example: '127.80.0.0/24' }),
  SLUICE_LOW_PORT_OFFSET: integer(0, 60_000).prefault('0').meta({
    description: 'Added to ports below 1024 when binding, where low ports may not be bound',
    example: '10000',
  }),
  SLUICE_SECRET_KEY_FILE: z.string().meta({
    description: 'File with the 32-byte key that seals Secrets on the log; mode 0600',
    example: '/run/sluice/secret.key',
  }),
  SLUICE_CONTROLLER_NAMES: list(',', 1)
    .prefault('sluice.dev/gateway-controller,io.cilium/gateway-controller')
    .meta({
      description: 'Controllers whose Gateways get addresses',
      example: 'sluice.dev/gateway-controller',
    }),
});
export type Config = z.output<typeof configSchema>;
