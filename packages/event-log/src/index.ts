export { type ConnectOptions, connectEventLog } from './jetstream/connect.ts';
export type { ConnectionState } from './jetstream/connection.ts';
export type { FailPoints, LogLogger } from './log/context.ts';
export { type DamageNotice, followReporting, onDamageReported, reportDamage } from './log/damage-notice.ts';
export { eachItem } from './log/each-item.ts';
export { exportLog, importLog } from './log/export.ts';
export { Outbox } from './log/outbox.ts';
export { createMemoryLog, type MemoryLog, type MemoryLogOptions } from './memory/memory-log.ts';
export { type MemoryFaults, MemoryServer, type Mishap } from './memory/memory-server.ts';
export * from './port.ts';
export { type NatsServerSettings, type NatsUser, natsServerConfig } from './server/config.ts';
export { freePort } from './server/free-port.ts';
export { generateNkeySeeds, type NkeySeed } from './server/nkeys.ts';
export {
  inboxPrefix,
  type StreamAccess,
  streamPermissions,
  type UserPermissions,
} from './server/permissions.ts';
export { type NatsServer, type NatsServerOptions, startNatsServer } from './server/process.ts';
