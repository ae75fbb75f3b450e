import { commonConfig, integer, list } from '@sluice/service-kit';
import { z } from 'zod';

/** Settings of the translator. */
export const configSchema = z.object({
  ...commonConfig,
  SLUICE_CONTROLLER_NAMES: list(',', 1)
    .prefault('sluice.dev/gateway-controller,io.cilium/gateway-controller')
    .meta({
      description: 'Controllers whose GatewayClasses are served',
      example: 'sluice.dev/gateway-controller',
    }),
  SLUICE_REPORT_ORPHANS: z.stringbool().prefault('true').meta({
    description:
      'Report on Gateways of classes that do not exist and on routes of Gateways that do not exist; false where other products share the cluster',
    example: 'false',
  }),
  SLUICE_CHECKPOINT_EVERY: integer(0, 10_000_000).prefault('10000').meta({
    description: 'Events between two checkpoints of FACTS, and of the IR; 0: never',
    example: '10000',
  }),
  SLUICE_CHECKPOINT_PURGE: z.stringbool().prefault('false').meta({
    description: 'Drop the events that a checkpoint stands for',
    example: 'true',
  }),
});
export type Config = z.output<typeof configSchema>;
