import type { StreamAccess } from '@sluice/event-log';
import {
  type Domain,
  datapathAnswerFilter,
  datapathAskFilter,
  domains,
  flowFilter,
  type StreamName,
  streams,
  subjectFilter,
} from '@sluice/events';

/** Users of NATS in standalone mode: one for each service, and the command that only reads. */
export const natsUsers = ['api-watcher', 'translator', 'xds-server', 'bpf-agent', 'cli'] as const;
export type NatsUserName = (typeof natsUsers)[number];

const allStreams = Object.keys(streams) as StreamName[];

function writes(...written: readonly Domain[]): Record<string, string[]> {
  const byStream: Record<string, string[]> = {};
  for (const domain of written)
    byStream[domains[domain]] = [...(byStream[domains[domain]] ?? []), subjectFilter(domain)];
  return byStream;
}

/**
 * What each user may do on the log: no service can write what another one decides.
 * @param replicas names under which the replicas of xds-server write, each a chain of its own. Agents write under the name of
 * their node, which nobody knows before: they share one user, so that one can write in another's name, but in no other service's.
 */
export function accessOf(user: NatsUserName, replicas: readonly string[]): StreamAccess {
  switch (user) {
    case 'api-watcher':
      return {
        writes: writes('object', 'refusal', 'sync', 'address', 'certificate', 'secret', 'judgement'),
        reads: ['FACTS', 'STATUS', 'SECRETS'],
        owns: ['FACTS', 'SECRETS'],
        notifies: ['early.FACTS'],
        listens: ['damage.FACTS', 'damage.SECRETS'],
      };
    case 'translator':
      return {
        writes: writes('ir', 'revision', 'status', 'judgement'),
        reads: ['FACTS', 'ACKS', 'IR', 'STATUS'],
        owns: ['IR', 'STATUS'],
        checkpoints: ['FACTS'],
        notifies: ['heartbeat.translator', 'heartbeat.translator.ask', 'damage.FACTS', 'early.IR'],
        listens: [
          'heartbeat.translator',
          'heartbeat.translator.ask',
          'heartbeat.xds-server.*',
          'heartbeat.bpf-agent.*',
          'damage.IR',
          'early.FACTS',
        ],
      };
    case 'xds-server':
      return {
        writes: writes('ack', 'rejection', 'judgement'),
        reads: ['IR', 'SECRETS', 'ACKS', 'FACTS'],
        owns: ['ACKS'],
        writerNames: replicas,
        notifies: [
          ...replicas.map((replica) => `heartbeat.xds-server.${replica}`),
          'damage.IR',
          'damage.SECRETS',
        ],
        listens: ['early.IR'],
      };
    case 'bpf-agent':
      return {
        writes: {
          ACKS: ['Datapath', 'DatapathNode'].map((kind) => subjectFilter('ack', { group: '', kind })),
        },
        reads: ['IR', 'ACKS'],
        writerNames: ['bpf-agent.*'],
        notifies: ['heartbeat.bpf-agent.*', flowFilter, 'damage.IR', datapathAnswerFilter],
        listens: [datapathAskFilter],
      };
    case 'cli':
      return {
        ...{ writes: {}, reads: allStreams },
        ...{ notifies: [datapathAskFilter], listens: [datapathAnswerFilter] },
      };
  }
}
