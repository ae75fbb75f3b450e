/** `npm run lint` and its like: sets the checkout up, then runs the tasks named through turbo, or directly where they write. */
import { runOnToolchain, runTasks, setUpOrExit } from './bootstrap/toolchain.mjs';

const tasks = process.argv.slice(2);
setUpOrExit();
if (tasks[0] === 'format') {
  process.exitCode = await runOnToolchain(['node_modules/@biomejs/biome/bin/biome', 'check', '--write', '.']);
} else if (tasks[0] === 'generate') {
  process.exitCode = await runOnToolchain(['packages/envoy-api/src/main.ts', '--force']);
} else {
  process.exitCode = await runTasks(tasks);
}
