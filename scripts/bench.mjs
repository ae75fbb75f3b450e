/** `npm run bench`: sets the checkout up, then measures the running platform (`npm run bench -- --help`). */
import { runOnToolchain, setUpOrExit } from './bootstrap/toolchain.mjs';

setUpOrExit();
process.exitCode = await runOnToolchain(['test/bench/main.ts', ...process.argv.slice(2)]);
