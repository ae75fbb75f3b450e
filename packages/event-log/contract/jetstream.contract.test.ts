import { earlyWordSuite } from './early-word-suite.ts';
import { eventLogSuite } from './event-log-suite.ts';
import { makeJetStreamWorld } from './jetstream-world.ts';

eventLogSuite('jetstream', makeJetStreamWorld);
earlyWordSuite('jetstream', makeJetStreamWorld);
