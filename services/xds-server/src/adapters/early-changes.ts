import type { XdsCompiler } from '../core/compiler.ts';
import type { IrChange } from '../core/ir-state.ts';
import type { XdsChange } from '../core/xds-resource.ts';

/** How long changes that were said early may stay away, milliseconds: a disk that is slower costs no more than work done twice. */
const patienceMs = 200;

/** Whether changes that were compiled early came, or were taken back. */
export type EarlyOutcome = 'came' | 'void';

/**
 * Compiles changes of the IR before they are on the log, and takes back those that do not come. While there are any, whatever looks at
 * resources waits, so that nobody sees them.
 */
export class EarlyChanges {
  readonly #compiler: Pick<XdsCompiler, 'apply' | 'applyAhead'>;
  readonly #tell: (outcome: EarlyOutcome) => void;
  #waiting: (() => void)[] = [];
  #ahead:
    | {
        readonly changes: readonly IrChange[];
        readonly made: XdsChange[];
        readonly undo: () => void;
        readonly timer: NodeJS.Timeout;
      }
    | undefined;

  constructor(compiler: Pick<XdsCompiler, 'apply' | 'applyAhead'>, tell: (outcome: EarlyOutcome) => void) {
    this.#compiler = compiler;
    this.#tell = tell;
  }

  /** Compiles changes that may come next, where they can be taken back. */
  prepare(changes: readonly IrChange[]): void {
    if (this.#ahead !== undefined) return;
    const ahead = this.#compiler.applyAhead(changes);
    if (ahead === undefined) return;
    const timer = setTimeout(() => this.takeBack(), patienceMs).unref();
    this.#ahead = { ...ahead, changes, timer };
  }

  /** Folds changes in, and tells what they change: if it is the list that was prepared, that is known already. */
  apply(changes: readonly IrChange[]): XdsChange[] {
    const ahead = this.#ahead;
    if (ahead?.changes !== changes) {
      this.takeBack();
      return this.#compiler.apply(changes);
    }
    clearTimeout(ahead.timer);
    this.#ahead = undefined;
    this.#tell('came');
    return ahead.made;
  }

  /** Does what looks at resources: now, or once nothing is prepared any more and `settle` is called. */
  run(work: () => void): void {
    if (this.#ahead === undefined) work();
    else this.#waiting.push(work);
  }

  /** Does what has waited, in order. Does nothing while something is prepared. */
  settle(): void {
    while (this.#ahead === undefined && this.#waiting.length > 0) {
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const work of waiting) work();
    }
  }

  /** Takes back what is prepared, and does what has waited. */
  takeBack(): void {
    const ahead = this.#ahead;
    if (ahead === undefined) return;
    clearTimeout(ahead.timer);
    ahead.undo();
    this.#ahead = undefined;
    this.#tell('void');
    this.settle();
  }
}
