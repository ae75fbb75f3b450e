/** `npm run cluster`: sets the checkout up, then runs a test cluster until Ctrl-C; `-- --help` tells the options. */
import { runOnToolchain, setUpOrExit } from './bootstrap/toolchain.mjs';

setUpOrExit();
process.exitCode = await runOnToolchain(['test/conformance/cluster.ts', ...process.argv.slice(2)]);
