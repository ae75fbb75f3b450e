import type { CliConfig } from './config.ts';
import type { Terminal } from './output/terminal.ts';

/** What every command is given. */
export interface CommandContext {
  readonly config: CliConfig;
  readonly terminal: Terminal;
}

/** 0: done, nothing found; 1: findings; 2: wrong usage, or the command could not do its work. */
export type ExitCode = 0 | 1 | 2;

/** How a command tells its outcome to `runProgram`. */
export type Finish = (code: ExitCode) => void;
