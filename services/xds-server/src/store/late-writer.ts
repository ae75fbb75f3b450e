// Writing the state takes the processor from the Envoy that has just been sent it. So it is written with that Envoy's
// acknowledgement, in one transaction, or a moment later where none comes.
import type { IrStep, NodeAck, XdsStore } from './xds-store.ts';

/** How long a step waits for an acknowledgement, and for more steps, ms. */
const gatherMs = 10;
/** The same of one with very many changes: they are on their way to Envoys for longer, and take longer to write. */
const gatherManyMs = 3_000;
const manyChanges = 1_000;

export class LateWriter {
  readonly #store: Pick<XdsStore, 'saveAll'>;
  readonly #failed: (error: unknown) => void;
  #steps: IrStep[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** `failed` is told what writing threw, as of a full disk. */
  constructor(store: Pick<XdsStore, 'saveAll'>, failed: (error: unknown) => void) {
    this.#store = store;
    this.#failed = failed;
  }

  /** A step of the projection. */
  put(step: IrStep): void {
    if (this.#closed) return;
    // What went before it counts no more.
    if (step.reset) this.#steps = [];
    this.#steps.push(step);
    const waitMs = step.changes.length > manyChanges ? gatherManyMs : gatherMs;
    this.#timer ??= setTimeout(() => this.#write([]), waitMs);
  }

  /** Writes what an Envoy has acknowledged, and with it all that waits: on disk it never runs ahead of the state itself. */
  saveAck(ack: NodeAck): void {
    if (!this.#closed) this.#write([ack]);
  }

  /** Writes what waits, and nothing afterwards. */
  close(): void {
    this.#write([]);
    this.#closed = true;
  }

  #write(acks: readonly NodeAck[]): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const steps = this.#steps;
    this.#steps = [];
    if (steps.length + acks.length === 0) return;
    try {
      this.#store.saveAll({ steps, acks });
    } catch (error) {
      this.#failed(error);
    }
  }
}
