/** `npm run conformance`: sets the checkout up, then runs the official Gateway API suite; `-- --help` tells the options. */
import { runOnToolchain, setUpOrExit } from './bootstrap/toolchain.mjs';

setUpOrExit();
process.exitCode = await runOnToolchain(['test/conformance/main.ts', ...process.argv.slice(2)]);
