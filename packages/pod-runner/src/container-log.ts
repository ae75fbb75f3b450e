import { execFileSync } from 'node:child_process';
import { chownSync, closeSync, constants, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';

/** Lines that `read` gives. */
export interface LogQuery {
  /** Only lines of this moment or later, milliseconds since 1970. */
  readonly sinceMs?: number | undefined;
  /** Only this many, the newest. */
  readonly tailLines?: number | undefined;
  /** Whether each line begins with its time. */
  readonly timestamps?: boolean | undefined;
}

interface Line {
  readonly timeMs: number;
  readonly text: string;
}

/** Most lines that are kept for one container; the oldest go first. */
const most = 100_000;

/**
 * What a container writes: into a named pipe of its user (so that it can open /dev/stdout anew, as Envoy does), from which the lines are
 * read as they come, each with the time at which it was seen.
 */
export class ContainerLog {
  /** For the standard output and the standard error of the container. */
  readonly descriptor: number;
  readonly #lines: Line[] = [];
  readonly #followers = new Set<(line: Line) => void>();
  #rest = '';

  constructor(path: string, owner: { readonly uid: number; readonly gid: number }) {
    // One of a pod runner that was killed.
    rmSync(path, { force: true });
    execFileSync('mkfifo', ['-m', '600', path]);
    chownSync(path, owner.uid, owner.gid);
    // First the reading end, which does not wait for a writer; then the writing end finds its reader at once.
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.descriptor = openSync(path, 'w');
    const socket = new Socket({ fd: reader, readable: true, writable: false });
    socket.setEncoding('utf8').on('data', (text: string) => this.#take(text));
    socket.on('error', () => socket.destroy());
  }

  /** Lines so far, each with its line end. */
  read({ sinceMs = 0, tailLines, timestamps = false }: LogQuery): string {
    const since = this.#lines.filter(({ timeMs }) => timeMs >= sinceMs);
    const lines = tailLines === undefined ? since : since.slice(Math.max(0, since.length - tailLines));
    return lines.map((line) => shown(line, timestamps)).join('');
  }

  /** Calls `listener` with each new line, until the function that comes back is called. */
  onLine(timestamps: boolean, listener: (line: string) => void): () => void {
    const follower = (line: Line) => listener(shown(line, timestamps));
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  /** Closes the writing end; what the container has written is still read. */
  close(): void {
    closeSync(this.descriptor);
  }

  #take(text: string): void {
    const parts = `${this.#rest}${text}`.split('\n');
    this.#rest = parts.pop() ?? '';
    const timeMs = Date.now();
    const lines = parts.map((part) => ({ timeMs, text: part }));
    this.#lines.push(...lines);
    for (const follower of this.#followers) lines.forEach(follower);
    if (this.#lines.length > most) this.#lines.splice(0, this.#lines.length - most);
  }
}

const shown = ({ timeMs, text }: Line, timestamps: boolean): string =>
  `${timestamps ? `${new Date(timeMs).toISOString()} ` : ''}${text}\n`;
