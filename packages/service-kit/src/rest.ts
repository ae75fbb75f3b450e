/** How often it is looked whether the process is at rest, milliseconds. */
const lookEveryMs = 1_000;
/** So many looks in a row without work are rest. */
const restingLooks = 8;
/** Less work than this since the last time leaves nothing worth tidying up, milliseconds of CPU. */
const worthwhileMs = 400;

/** Decides when a process has come to rest after work. */
export class RestWatch {
  #looks = 0;
  #tidiedAtMs = 0;

  /** Says that there was work. */
  worked(): void {
    this.#looks = 0;
  }

  /** @param cpuMs CPU that the process has used since its start. @returns whether tidying up is due */
  look(cpuMs: number): boolean {
    this.#looks++;
    return this.#looks >= restingLooks && cpuMs - this.#tidiedAtMs >= worthwhileMs;
  }

  /** Says that it has been tidied up, with the CPU used so far: what that cost is no work. */
  tidied(cpuMs: number): void {
    this.#tidiedAtMs = cpuMs;
  }
}

/**
 * Collects garbage 8 s after the last work, where there was any worth it, for as long as the process lives. V8 does so only when more
 * is allocated: after a large load it would hold up to twice of what it needs, for ever. Does nothing in a process without `--expose-gc`.
 * @returns what to call with each piece of work: a collection holds the process up, which only rest allows
 */
export function collectAtRest(): () => void {
  const { gc } = globalThis;
  if (gc === undefined) return () => {};
  const watch = new RestWatch();
  const timer = setInterval(() => {
    if (!watch.look(cpuMs())) return;
    // Begins on an empty stack, where nothing is taken for a reference by mistake.
    void Promise.resolve(gc({ type: 'major', execution: 'async', flavor: 'last-resort' })).then(() =>
      watch.tidied(cpuMs()),
    );
  }, lookEveryMs);
  timer.unref();
  return () => watch.worked();
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
