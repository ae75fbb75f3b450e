const started = performance.now();

/** @param {number} since */
const seconds = (since) => ((performance.now() - since) / 1000).toFixed(1);

/**
 * One line, with the seconds since the start, on stderr: stdout belongs to the command that the set-up is run for.
 * @param {string} text
 */
export function say(text) {
  process.stderr.write(`[set-up ${seconds(started).padStart(5)} s] ${text}\n`);
}

/**
 * Runs one long step: says when it begins, every ten seconds that it still goes on, and when it is done.
 * @template T
 * @param {string} title
 * @param {() => Promise<T>} step
 * @returns {Promise<T>}
 */
export async function longStep(title, step) {
  const since = performance.now();
  say(`${title} …`);
  const alive = setInterval(() => say(`${title}: still at it after ${seconds(since)} s`), 10_000);
  try {
    const result = await step();
    say(`${title}: done in ${seconds(since)} s`);
    return result;
  } finally {
    clearInterval(alive);
  }
}
