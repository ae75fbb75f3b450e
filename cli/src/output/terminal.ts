import picocolors from 'picocolors';

/** Where a command writes: standard output and error, with colours where they are wanted. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Standard output is a terminal that can be redrawn. */
  readonly interactive: boolean;
  readonly colors: ReturnType<typeof picocolors.createColors>;
}

/** The terminal of this process. Colour only on a terminal, and never with NO_COLOR (https://no-color.org). */
export function processTerminal(): Terminal {
  const interactive = process.stdout.isTTY === true;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    });
  }
  return {
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    interactive,
    colors: picocolors.createColors(interactive && picocolors.isColorSupported),
  };
}

/** Resolves when what was printed has been taken: a pipe holds some 64 KiB, and the rest would be lost with the process. */
export async function drained(): Promise<void> {
  const taken = [process.stdout, process.stderr].map(
    (stream) =>
      new Promise<void>((resolve) => {
        stream.once('error', () => resolve());
        stream.write('', () => resolve());
      }),
  );
  await Promise.all(taken);
}
