import { readConfig } from './config.ts';
import { processTerminal } from './output/terminal.ts';
import { createProgram, runProgram } from './program.ts';

const context = { config: readConfig(), terminal: processTerminal() };
// Ends at once: a connection that is still being tried must not hold the process.
process.exit(await runProgram(createProgram(context), { context, argv: process.argv }));
