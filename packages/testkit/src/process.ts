import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { until } from './until.ts';

/** A program to start. */
export interface LaunchOptions {
  /** For messages; default: the command. */
  readonly name?: string;
  readonly command: string;
  readonly args?: readonly string[];
  readonly cwd?: string;
  /** The whole environment; default: this process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Also appends its output to this file. */
  readonly logFile?: string;
  /** How long SIGTERM has before SIGKILL when it is disposed of; default 5,000. */
  readonly stopMs?: number;
}

/** How a program ended. */
export interface ExitState {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running (or ended) program. Disposing it ends it, and waits until it is gone. */
export interface LaunchedProcess extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  /** Standard output and standard error so far, as they came. */
  log(): string;
  /** Standard output alone. */
  stdout(): string;
  /** Resolves with the first line of the output (old or new) that matches. @throws Error with the log when it ends or the time passes */
  waitForLine(pattern: RegExp, timeoutMs?: number): Promise<string>;
  /** Resolves when it has ended and its output is complete, which a child of its own may delay. */
  readonly exited: Promise<ExitState>;
  readonly running: boolean;
  /** Sends a signal, default SIGTERM; nothing when it has ended. */
  kill(signal?: NodeJS.Signals): void;
  /** SIGTERM, then SIGKILL after `stopMs`; resolves when it is gone. */
  stop(): Promise<ExitState>;
}

/** Longest output that is kept, characters; the oldest part goes first. */
const keptLog = 2_000_000;
/** Of what a command prints for others to read, characters. */
const keptStdout = 64 * 1024 * 1024;

/**
 * Starts a program without a shell and keeps its output.
 * @throws Error where it cannot be started
 */
export async function launch(options: LaunchOptions): Promise<LaunchedProcess> {
  const { name = options.command, args = [], cwd, env = process.env, stopMs = 5_000 } = options;
  const child = spawn(options.command, args, {
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  });
  const output = captureOutput(child, options.logFile);
  await spawned(child, name);
  const state: { exit: ExitState | undefined } = { exit: undefined };
  child.once('exit', (code, signal) => {
    state.exit = { code, signal };
  });
  const exited = new Promise<ExitState>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const stop = async (): Promise<ExitState> => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMs);
    return exited.finally(() => clearTimeout(timer));
  };
  return {
    name,
    pid: child.pid ?? 0,
    log: () => output.all,
    stdout: () => output.stdout,
    exited,
    get running() {
      return state.exit === undefined;
    },
    kill: (signal = 'SIGTERM') => void child.kill(signal),
    stop,
    waitForLine: (pattern, timeoutMs = 60_000) => waitForLine({ name, output, state, pattern, timeoutMs }),
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}

interface Output {
  all: string;
  stdout: string;
}

function captureOutput(child: ChildProcess, logFile: string | undefined): Output {
  const output: Output = { all: '', stdout: '' };
  const file = logFile === undefined ? undefined : createWriteStream(logFile, { flags: 'a' });
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output.all = (output.all + text).slice(-keptLog);
    output.stdout = (output.stdout + text).slice(-keptStdout);
    file?.write(text);
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output.all = (output.all + text).slice(-keptLog);
    file?.write(text);
  });
  child.once('close', () => file?.end());
  return output;
}

function spawned(child: ChildProcess, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => reject(new Error(`cannot start ${name}`, { cause })));
  });
}

interface LineWait {
  readonly name: string;
  readonly output: Output;
  readonly state: { readonly exit: ExitState | undefined };
  readonly pattern: RegExp;
  readonly timeoutMs: number;
}

async function waitForLine({ name, output, state, pattern, timeoutMs }: LineWait): Promise<string> {
  const found = () => output.all.split('\n').find((line) => pattern.test(line));
  const outcome = await until(() => found() ?? state.exit, {
    timeoutMs,
    message: () => `${pattern} from ${name}; its output:\n${output.all}`,
  });
  if (typeof outcome === 'string') return outcome;
  const line = found();
  if (line !== undefined) return line;
  throw new Error(
    `${name} ended (${outcome.signal ?? outcome.code}) before ${pattern}; its output:\n${output.all}`,
  );
}

/** True while a process with this id exists (and is not a zombie of ours). */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
