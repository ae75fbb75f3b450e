/** `npm start`: sets the checkout up, then runs the example shop until Ctrl-C. */
import { runOnToolchain, setUpOrExit } from './bootstrap/toolchain.mjs';

setUpOrExit();
process.exitCode = await runOnToolchain(['examples/shop/src/main.ts', ...process.argv.slice(2)]);
