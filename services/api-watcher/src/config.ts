import { commonConfig, integer, list } from '@sluice/service-kit';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';

const namespacedName = /^[a-z0-9][-a-z0-9]{0,62}\/[a-z0-9][-a-z0-9.]{0,252}$/;

/** Settings of api-watcher. */
export const configSchema = z
  .object({
    ...commonConfig,
    SLUICE_SOURCE: z.enum(['directory', 'kubernetes']).prefault('directory').meta({
      description: 'Where objects come from: manifest files, or the API of a Kubernetes cluster',
      example: 'kubernetes',
    }),
    SLUICE_SOURCE_DIRS: list(':').prefault('').meta({
      description: 'Directories with manifests, separated by ":"; required for SLUICE_SOURCE=directory',
      example: '/etc/sluice/manifests',
    }),
    SLUICE_KUBECONFIG: z.string().optional().meta({
      description: 'Kubeconfig file of the cluster; without one as a Pod, with its ServiceAccount',
      example: '/etc/sluice/kubeconfig',
    }),
    SLUICE_LEASE_NAMESPACE: z
      .string()
      .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, { error: 'must be the name of a namespace' })
      .prefault('sluice-system')
      .meta({
        description: 'Namespace of the Lease by which one of several replicas leads',
        example: 'sluice-system',
      }),
    SLUICE_LEASE_SECONDS: integer(3, 300).prefault('15').meta({
      description:
        'Seconds after which another replica takes over from one that has stopped renewing its Lease',
      example: '15',
    }),
    SLUICE_NATS_ADDRESSES_CONFIG_MAPS: list(',')
      .refine((all) => all.every((one) => namespacedName.test(one)), {
        error: 'must be namespace/name, separated by commas',
      })
      .transform((all) =>
        all.map((one) => {
          const [namespace = '', name = ''] = one.split('/');
          return { namespace, name };
        }),
      )
      .prefault('')
      .meta({
        description:
          'ConfigMaps that are told where the Pods of the Service in SLUICE_NATS_URL are, which then are gone to without DNS',
        example: 'sluice-system/sluice-nats-addresses',
      }),
    SLUICE_ADDRESS_POOL: z
      .string()
      .refine((cidr) => ipaddr.isValidCIDR(cidr), 'must be a CIDR such as 127.80.0.0/24')
      .default('127.80.0.0/24')
      .meta({ description: 'Addresses that Gateways get', example: '127.80.0.0/24' }),
    SLUICE_BIND_ADDRESSES: list(',', 1)
      .refine((addresses) => addresses.every((address) => ipaddr.isValid(address)), {
        error: 'must be IP addresses, separated by commas',
      })
      .prefault('0.0.0.0')
      .meta({
        description:
          'Addresses that Envoys bind where Services of Gateways lead to them: SLUICE_SOURCE=kubernetes',
        example: '0.0.0.0,::',
      }),
    SLUICE_LOW_PORT_OFFSET: integer(0, 60_000).prefault('0').meta({
      description: 'Added to ports below 1024 when binding, where low ports may not be bound',
      example: '10000',
    }),
    SLUICE_SECRET_KEY_FILE: z.string().meta({
      description: 'File with the 32-byte key that seals Secrets on the log; mode 0600',
      example: '/run/sluice/secret.key',
    }),
    SLUICE_CONTROLLER_NAMES: list(',').prefault('').meta({
      description:
        'Controllers whose Gateways are ours; default: sluice.dev/gateway-controller, and with SLUICE_SOURCE=directory io.cilium/gateway-controller too',
      example: 'sluice.dev/gateway-controller',
    }),
  })
  .refine(
    ({ SLUICE_SOURCE, SLUICE_SOURCE_DIRS }) =>
      SLUICE_SOURCE === 'kubernetes' || SLUICE_SOURCE_DIRS?.length > 0,
    {
      path: ['SLUICE_SOURCE_DIRS'],
      error: 'is required for SLUICE_SOURCE=directory',
      // Told together with the faults of the other variables.
      when: () => true,
    },
  );
export type Config = z.output<typeof configSchema>;

/** Controllers whose Gateways are ours: beside a living Cilium never its own. */
export function controllersOf(config: Pick<Config, 'SLUICE_SOURCE' | 'SLUICE_CONTROLLER_NAMES'>): string[] {
  if (config.SLUICE_CONTROLLER_NAMES.length > 0) return config.SLUICE_CONTROLLER_NAMES;
  const own = 'sluice.dev/gateway-controller';
  return config.SLUICE_SOURCE === 'directory' ? [own, 'io.cilium/gateway-controller'] : [own];
}
