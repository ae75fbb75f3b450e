/**
 * Runs one long step: a line on standard error when it begins, every 20 s while it goes on, and when it is done. Standard output
 * belongs to the command that it is run for.
 */
export async function longStep<T>(title: string, step: () => Promise<T>): Promise<T> {
  const since = performance.now();
  const seconds = () => ((performance.now() - since) / 1000).toFixed(0);
  say(`${title} …`);
  const alive = setInterval(() => say(`${title}: still at it after ${seconds()} s`), 20_000);
  try {
    const result = await step();
    say(`${title}: done in ${seconds()} s`);
    return result;
  } finally {
    clearInterval(alive);
  }
}

/** One progress line. */
export function say(text: string): void {
  process.stderr.write(`[cluster] ${text}\n`);
}
