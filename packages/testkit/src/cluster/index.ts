export type { Image } from '@sluice/pod-runner';
export type { Manifest } from './apply.ts';
export { clusterUnavailable } from './available.ts';
export type { ComponentName } from './components.ts';
export { debianEnv } from './debian.ts';
export type { Channel } from './gateway-api-crds.ts';
export { gatewayApiVersion, kubernetesVersion } from './go-programs.ts';
export { ensurePrograms, type ProgramName, programsUnavailable } from './programs.ts';
export {
  type Cluster,
  type ClusterOptions,
  clusterStartMs,
  podsPrograms,
  startCluster,
} from './start-cluster.ts';
