export { addUplink, type Uplink } from '../cluster/uplink.ts';
export * from './available.ts';
export { type TestCgroup, testCgroup } from './cgroup.ts';
export type { Namespace } from './namespace.ts';
export type {
  Answer,
  AskOptions,
  AskResult,
  OpenConnection,
  Peer,
  Protocol,
  StreamResult,
  TransferResult,
} from './peer.ts';
export * from './topology.ts';
