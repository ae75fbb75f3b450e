/** `npm run bench:datapath`: sets the checkout up, then measures the datapath (`npm run bench:datapath -- --help`). */
import { runOnToolchain, setUpOrExit } from './bootstrap/toolchain.mjs';

setUpOrExit();
process.exitCode = await runOnToolchain([
  'services/bpf-agent/src/testing/bench/main.ts',
  ...process.argv.slice(2),
]);
