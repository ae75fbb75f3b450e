import { createMemoryLog, type EventLog, MemoryServer } from '../src/index.ts';
import { earlyWordSuite } from './early-word-suite.ts';
import { eventLogSuite } from './event-log-suite.ts';
import type { LogWorld } from './harness.ts';

const makeWorld = async (): Promise<LogWorld> => {
  const server = new MemoryServer();
  const logs: EventLog[] = [];
  return {
    async connect(options = {}) {
      const log = createMemoryLog({ server, ...options });
      logs.push(log);
      return log;
    },
    async outage(during) {
      server.outage(true);
      await during();
      server.outage(false);
    },
    async close() {
      await Promise.all(logs.map((log) => log.close()));
    },
  };
};

eventLogSuite('memory', makeWorld);
earlyWordSuite('memory', makeWorld);
