export type { FailPoints, LogLogger } from './log/context.ts';
export { createMemoryLog, type MemoryLog, type MemoryLogOptions } from './memory/memory-log.ts';
export { type MemoryFaults, MemoryServer } from './memory/memory-server.ts';
export * from './port.ts';
