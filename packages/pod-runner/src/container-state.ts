import type { V1Container, V1ContainerState, V1ContainerStatus } from '@kubernetes/client-node';

/** Where a container is in its life; what the Pod's status says of it. */
export interface ContainerState {
  readonly container: V1Container;
  readonly state: V1ContainerState;
  readonly last: V1ContainerState;
  readonly ready: boolean;
  readonly started: boolean;
  readonly restarts: number;
}

/** A container that has not run yet. */
export function initialContainer(container: V1Container, reason: string): ContainerState {
  const state = { waiting: { reason } };
  return { container, state, last: {}, ready: false, started: false, restarts: 0 };
}

/** Its entry in the Pod's status. */
export function containerStatus(of: ContainerState): V1ContainerStatus {
  return {
    name: of.container.name,
    image: of.container.image ?? '',
    imageID: of.state.running || of.state.terminated ? `local://${of.container.image}` : '',
    state: of.state,
    lastState: of.last,
    ready: of.ready,
    started: of.started,
    restartCount: of.restarts,
  };
}

/** True when it ended well. */
export const succeeded = ({ state }: ContainerState): boolean => state.terminated?.exitCode === 0;
