/** What a probe found. */
export interface Health {
  readonly ok: boolean;
  /** In words; the empty string where there is nothing to say. */
  readonly detail: string;
  /** What it goes on without, in words; absent where it lacks nothing. */
  readonly degraded?: string;
}

/** How a process is launched: differs from run to run, so it is no part of its configuration. */
export interface Launch {
  /** 0 for a start from nothing; otherwise one more than that of the living process which is taken over. */
  readonly epoch: number;
}

/** One process that the supervisor keeps running. */
export interface ProcessSpec {
  /** Unique in an instance: `nats`, `translator`, `xds-server-1`. */
  readonly name: string;
  readonly command: string;
  readonly args: (launch: Launch) => readonly string[];
  /** The whole environment, save for the marks that the supervisor adds. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Standard output and error go to the end of this file, never to a pipe: the process outlives its supervisor. */
  readonly logFile: string;
  /** Standard output alone; default: `logFile`. */
  readonly outputFile?: string;
  /** A living process with another hash is replaced. Covers the configuration and the version of the program. */
  readonly configHash: string;
  /** The new process takes the old one's sockets over while both live (Envoy's hot restart); else stop, then start. */
  readonly handover: boolean;
  /** Leave it to init as its parent: for programs that end themselves when their parent does, as Envoy. */
  readonly orphaned: boolean;
  /** Between SIGTERM and SIGKILL, milliseconds. */
  readonly stopTimeoutMs: number;
  /** Takes away what ended processes of this kind left behind; called before a start from nothing. */
  readonly cleanUp?: () => void;
  /** Asks the process whether it does its work. Never throws. */
  readonly probe: () => Promise<Health>;
}

/** What is known about a process from outside. */
export interface ProcessView {
  readonly name: string;
  readonly state: 'waiting' | 'starting' | 'ready' | 'unready' | 'restarting' | 'stopped';
  readonly pid: number | undefined;
  /** Restarts since the supervisor started. */
  readonly restarts: number;
  /** How the last run ended; the empty string where none has. */
  readonly lastExit: string;
  /** Taken over from an earlier supervisor. */
  readonly adopted: boolean;
  readonly detail: string;
}
