import type { V1Pod, V1PodCondition, V1PodStatus } from '@kubernetes/client-node';
import { type ContainerState, containerStatus, succeeded } from './container-state.ts';

/** What the status of a Pod is computed from. */
export interface PodState {
  readonly pod: V1Pod;
  readonly podIp: string | undefined;
  readonly nodeAddress: string;
  readonly startTime: Date;
  readonly init: readonly ContainerState[];
  readonly containers: readonly ContainerState[];
}

/** The status, core/v1 PodStatus. The conditions' times are those of `before` where they have not changed; else `now`. */
export function podStatus(state: PodState, before: readonly V1PodCondition[], now: Date): V1PodStatus {
  const { podIp, nodeAddress, startTime, init, containers } = state;
  const phase = phaseOf(state);
  const initialized = init.every(succeeded);
  const allReady = containers.length > 0 && containers.every(({ ready }) => ready);
  const done = phase === 'Succeeded' || phase === 'Failed';
  const condition = (type: string, is: boolean): V1PodCondition => {
    const status = is ? 'True' : 'False';
    const old = before.find((one) => one.type === type);
    const reason = is ? {} : { reason: done ? 'PodCompleted' : 'ContainersNotReady' };
    return {
      type,
      status,
      ...reason,
      lastTransitionTime: old?.status === status ? (old.lastTransitionTime ?? now) : now,
    };
  };
  return {
    phase,
    conditions: [
      condition('PodScheduled', true),
      condition('Initialized', initialized),
      condition('ContainersReady', allReady && !done),
      condition('Ready', allReady && !done),
    ],
    hostIP: nodeAddress,
    hostIPs: [{ ip: nodeAddress }],
    ...(podIp === undefined ? {} : { podIP: podIp, podIPs: [{ ip: podIp }] }),
    startTime,
    initContainerStatuses: init.map(containerStatus),
    containerStatuses: containers.map(containerStatus),
  };
}

function phaseOf({ pod, init, containers }: PodState): string {
  const ended = [...init, ...containers].filter(({ state }) => state.terminated !== undefined);
  const never = pod.spec?.restartPolicy === 'Never';
  if (never && init.some((one) => one.state.terminated !== undefined && !succeeded(one))) return 'Failed';
  if (!init.every(succeeded)) return 'Pending';
  const restarts = pod.spec?.restartPolicy ?? 'Always';
  if (restarts !== 'Always' && containers.every((one) => ended.includes(one) && (never || succeeded(one))))
    return containers.every(succeeded) ? 'Succeeded' : 'Failed';
  return containers.some(({ state, restarts }) => state.running !== undefined || restarts > 0)
    ? 'Running'
    : 'Pending';
}
