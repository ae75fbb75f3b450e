/** Lets one loop sleep until it is woken or a time has passed. A wake while nobody sleeps is not lost. */
export class Wakeup {
  #woken = false;
  #resolve: (() => void) | undefined;

  wake(): void {
    this.#woken = true;
    this.#resolve?.();
  }

  /** Sleeps at most `ms`; returns at once when it was woken since the last wait. */
  async wait(ms: number): Promise<void> {
    if (!this.#woken && ms > 0)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#resolve = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    this.#resolve = undefined;
    this.#woken = false;
  }

  /** Sleeps `ms`, woken or not. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      setTimeout(resolve, ms);
    });
  }
}
