/** Before all tests: builds and fetches what the tests on a cluster run, where it is possible and not done. Says why not, where it is not. */
import { clusterUnavailable } from './available.ts';
import { ensurePrograms, type ProgramName } from './programs.ts';
import { say } from './progress.ts';
import { podsPrograms } from './start-cluster.ts';

const programs: readonly ProgramName[] = [...podsPrograms, 'echo-basic'];
const missing = clusterUnavailable(programs);
if (missing === undefined) await ensurePrograms(programs);
else say(`tests on a real API server will be skipped: ${missing}`);
