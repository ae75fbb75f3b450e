import { randomUUID } from 'node:crypto';
import type { EventLog } from '@sluice/event-log';
import { type Health, type Logger, SluiceError } from '@sluice/service-kit';
import { envoyService } from '../../core/infrastructure/service-addresses.ts';
import type { RefusedObject } from '../../core/source.ts';
import { refusalNotice } from '../../core/status/notices.ts';
import { withServedFeatures } from '../../core/status/served-features.ts';
import type { Metrics } from '../../metrics.ts';
import type { SourceMode } from '../source-mode.ts';
import { apiAccess } from './api-access.ts';
import { ApiClient } from './api-client.ts';
import { EventRecorder } from './event-recorder.ts';
import { GatewayInfrastructure } from './infrastructure.ts';
import { KubernetesSource } from './kubernetes-source.ts';
import { electionTimes, LeaderElection } from './leader-election.ts';
import { ServedSchemas } from './served-schemas.ts';
import { StatusWriter } from './status-writer.ts';

export interface KubernetesModeOptions {
  readonly log: EventLog;
  readonly logger: Logger;
  readonly health: Health;
  readonly metrics: Metrics;
  /** Name of this replica. */
  readonly replica: string;
  /** Kubeconfig file; undefined: as a Pod, with its ServiceAccount. */
  readonly kubeconfig: string | undefined;
  readonly controllers: readonly string[];
  /** Where the Lease stands, and how long it counts, s. */
  readonly lease: { readonly namespace: string; readonly seconds: number };
  /** IP addresses that Envoys bind. */
  readonly bindAddresses: readonly string[];
}

/** An object that was refused, and its uid. */
interface Refusal {
  readonly refused: RefusedObject;
  readonly uid: string;
}

const leaseName = 'api-watcher';

/** A Kubernetes API: all replicas read it, and the one that leads writes facts, statuses and Events. */
export async function kubernetesMode(options: KubernetesModeOptions): Promise<SourceMode> {
  const { log, logger, health, metrics, replica, kubeconfig, lease } = options;
  const controllers = new Set(options.controllers);
  const api = new ApiClient(await apiAccess(kubeconfig));
  const identity = `${replica}_${randomUUID()}`;
  const election = new LeaderElection({
    api,
    namespace: lease.namespace,
    name: leaseName,
    identity,
    times: electionTimes(lease.seconds),
    logger,
  });
  const refusals: Refusal[] = [];
  let tell = (refusal: Refusal): void => void refusals.push(refusal);
  const source = new KubernetesSource({
    api,
    controllers,
    logger,
    observer: {
      trouble: (kind, what) => metrics.trouble.inc({ kind, what }),
      refused: (refused, uid) => tell({ refused, uid }),
      unavailable: (kinds) => tellUnavailable(health, kinds),
    },
  });
  const infrastructure = new GatewayInfrastructure({
    api,
    namespace: lease.namespace,
    logger,
    wrote: (kind, outcome) => metrics.infrastructure.inc({ kind, outcome }),
  });
  return {
    source,
    standalone: false,
    addressing: {
      kind: 'services',
      bindAddresses: options.bindAddresses,
      envoys: { namespace: lease.namespace, ...envoyService },
      ingress: (gateway) => infrastructure.ingress(gateway),
    },
    addresses: infrastructure,
    async lead(signal) {
      source.start(signal);
      infrastructure.start(signal);
      health.set('source', true, 'read by another replica, this one stands by');
      await election.acquire(signal);
      if (!signal.aborted) health.set('source', false, 'not listed yet');
    },
    listed: () => infrastructure.begin(),
    async beside(facts, signal) {
      const mayWrite = async (): Promise<boolean> =>
        election.held() && (await facts.held()) && election.held();
      const events = new EventRecorder({
        api,
        controller: options.controllers[0] ?? '',
        instance: replica,
        logger,
        mayWrite,
      });
      tell = ({ refused, uid }) => {
        const base = source.resource(refused.ref)?.base ?? '/api/v1';
        const apiVersion = base.replace(/^\/apis?\//, '');
        void events.record({ ref: refused.ref, apiVersion, uid }, refusalNotice(refused.faults));
      };
      for (const refusal of refusals.splice(0)) tell(refusal);
      const schemas = new ServedSchemas({ api, logger, changed: () => writer.again('GatewayClass') });
      const writer: StatusWriter = new StatusWriter({
        log,
        api,
        objects: source,
        controllers,
        events,
        logger,
        mayWrite,
        shape: (kind, status) => {
          if (kind === 'Ingress') return { loadBalancer: status.loadBalancer ?? {} };
          // It has no status in Kubernetes.
          if (kind === 'IngressClass') return undefined;
          return kind === 'GatewayClass' ? shapeOf(status, schemas.served) : status;
        },
        wrote: (kind, outcome) => metrics.statuses.inc({ kind, outcome }),
      });
      const lost = election.lost.then(() => {
        if (!signal.aborted) throw leaseLost();
      });
      await Promise.race([
        Promise.all([writer.run(signal), schemas.run(signal), infrastructure.run(facts, mayWrite, signal)]),
        lost,
      ]);
    },
    async close() {
      await election.release();
      await api.close();
    },
  };
}

/** Claims what the cluster has fields for; where that cannot be known, all that is implemented. */
function shapeOf(
  status: Readonly<Record<string, unknown>>,
  served: ServedSchemas['served'],
): Readonly<Record<string, unknown>> | undefined {
  if (served === undefined) return undefined;
  return served === 'unknown' ? status : withServedFeatures(status, served);
}

function tellUnavailable(health: Health, kinds: ReadonlyMap<string, string>): void {
  if (kinds.size === 0) health.remove('kinds');
  else health.degrade('kinds', [...kinds].map(([kind, reason]) => `${kind}: ${reason}`).join('; '));
}

function leaseLost(): SluiceError {
  return new SluiceError('lease-lost', 'the Lease was not renewed in time, another replica may lead now', {
    hint: 'this one starts again as a standby',
  });
}
