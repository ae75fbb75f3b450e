// `npm run bench:datapath`: what the ways to a Service cost on this machine. Needs root; touches nothing but namespaces of its own.
import { parseArgs } from 'node:util';
import { missingForNode } from '../rig.ts';
import { priority } from './load.ts';
import { runBench } from './run.ts';
import { machineText, reportText } from './table.ts';

const help = `npm run bench:datapath [-- options]
  --rounds N        how often each way is measured, in turn with the others (20)
  --connections N   connections of a run (300)
  --seconds S       length of a run of round trips, and of one of bulk (0.2)
  --services N      Services beside the one that is measured (10000)
  --changes N       Services added one by one (50)
  --json            figures instead of tables`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    connections: { type: 'string', default: '300' },
    seconds: { type: 'string', default: '0.2' },
    services: { type: 'string', default: '10000' },
    changes: { type: 'string', default: '50' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const missing = missingForNode();
if (values.help) console.log(help);
else if (missing !== undefined) {
  console.error(`nothing can be measured here: ${missing}`);
  process.exitCode = 1;
} else {
  const machine = machineText();
  const report = await runBench(
    {
      rounds: Number(values.rounds),
      connections: Number(values.connections),
      seconds: Number(values.seconds),
      services: Number(values.services),
      changes: Number(values.changes),
      packetServices: [10, 1_000, 10_000],
      packetRuns: 15,
    },
    (text) => console.error(text),
  );
  const quiet = priority.length > 0 ? 'client, server and proxy run before all else' : 'at ordinary priority';
  console.log(
    values.json ? JSON.stringify({ machine, ...report }) : `${machine}; ${quiet}\n\n${reportText(report)}`,
  );
}
