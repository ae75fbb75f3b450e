// Certificates that a CiliumEnvoyConfig's resources name over SDS: Kubernetes Secrets of type kubernetes.io/tls, of the own
// namespace unless a ReferenceGrant says more. What names one that is not there is not sent: Envoy would wait for it, and
// everything else that starts with it.
import type { FactOf } from '@sluice/events';
import type { Collection, Fetch } from '@sluice/incremental';
import { ciliumGroup } from '@sluice/kinds';
import { isPermitted } from '../grants.ts';
import type { EnvoyConfigModel, RefFault } from './model.ts';

interface Needs {
  readonly certificates: Collection<FactOf<'CertificateObserved'>>;
  readonly permissions: Collection<true>;
}

/** Faults, and the indexes of the resources that have them. */
export function secretFaults(
  { reading, config }: EnvoyConfigModel,
  needs: Needs,
  fetch: Fetch,
): { readonly faults: readonly RefFault[]; readonly stopped: readonly number[] } {
  const faults: RefFault[] = [];
  const stopped: number[] = [];
  for (const { index, certificates } of reading.resources)
    for (const key of certificates) {
      const fault = faultOf(config.metadata.namespace, key, needs, fetch);
      if (fault === undefined) continue;
      faults.push(fault);
      stopped.push(index);
    }
  return { faults, stopped };
}

function faultOf(from: string, key: string, needs: Needs, fetch: Fetch): RefFault | undefined {
  const [toNamespace = '', toName = ''] = key.split('/');
  const reference = {
    ...{ fromGroup: ciliumGroup, fromKind: 'CiliumEnvoyConfig', fromNamespace: from },
    ...{ toGroup: '', toKind: 'Secret', toNamespace, toName },
  };
  if (from !== '' && !isPermitted(reference, needs.permissions, fetch))
    return {
      reason: 'RefNotPermitted',
      message: `no ReferenceGrant in namespace ${toNamespace} allows CiliumEnvoyConfigs of ${from} to use Secret ${toName}`,
    };
  const fact = fetch(needs.certificates, key);
  const why = fact === undefined ? 'does not exist, or is no certificate' : fact.fault;
  return why === '' ? undefined : { reason: 'SecretNotFound', message: `Secret ${key}: ${why}` };
}
