import { readConfig } from './config.ts';
import { drained, processTerminal } from './output/terminal.ts';
import { createProgram, runProgram } from './program.ts';

const context = { config: readConfig(), terminal: processTerminal() };
const code = await runProgram(createProgram(context), { context, argv: process.argv });
await drained();
// Ends at once: a connection that is still being tried must not hold the process.
process.exit(code);
