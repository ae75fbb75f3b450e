import { eventLogSuite } from './event-log-suite.ts';
import { makeJetStreamWorld } from './jetstream-world.ts';

eventLogSuite('jetstream', makeJetStreamWorld);
