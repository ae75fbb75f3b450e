import { readConfig } from './config.ts';
import { processTerminal } from './output/terminal.ts';
import { createProgram, runProgram } from './program.ts';

const context = { config: readConfig(), terminal: processTerminal() };
process.exitCode = await runProgram(createProgram(context), { context, argv: process.argv });
