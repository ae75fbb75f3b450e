import type { BackendStreamInfo } from '../backend.ts';
import { Fold } from '../model/fold.ts';
import { type Step, StreamReader } from '../model/reader.ts';
import { packsOf } from '../model/stored-events.ts';
import type { Damage, FoldedState, VerifyReport } from '../port.ts';
import { type CheckpointMark, loadCheckpoint, markBefore, newestMark } from './checkpoint-store.ts';
import { existingStream, type LogContext } from './context.ts';
import { scan } from './scan.ts';

/** The `verify` of the port: reads all that is retained, follows every chain, folds again what each checkpoint stands for. */
export async function verify(
  context: LogContext,
  stream: string,
  options: { readonly withState?: boolean },
): Promise<VerifyReport> {
  const info = await existingStream(context, stream);
  const checked = await checkpoints(context, stream);
  const walk = new Walk(info, checked);
  for await (const raw of scan(context, stream, { fromSeq: Math.max(info.firstSeq, 1), toSeq: info.lastSeq }))
    walk.take(raw);
  walk.end();
  // The head was purged meanwhile: what is missing is missing rightly.
  if (walk.damage.length > 0 && (await existingStream(context, stream)).firstSeq > info.firstSeq)
    return await verify(context, stream, options);
  const isHealed = (damage: Damage): boolean => walk.epochs.some((seq) => seq > damage.to);
  return {
    stream,
    firstSeq: info.firstSeq,
    lastSeq: info.lastSeq,
    events: walk.count,
    damage: walk.damage.filter((damage) => !isHealed(damage)),
    healed: walk.damage.filter(isHealed),
    checkpoints: checked.map(({ mark, fold }) => ({
      seq: mark.data.seq,
      hash: mark.data.stateHash,
      ok: fold !== undefined && !walk.differing.has(mark.data.seq),
    })),
    ...(options.withState === true && walk.state !== undefined ? { state: walk.state } : {}),
  };
}

interface Checked {
  readonly mark: CheckpointMark;
  /** Undefined where it cannot be read. */
  readonly fold: Fold | undefined;
}

/** All retained checkpoints, oldest first. */
async function checkpoints(context: LogContext, stream: string): Promise<Checked[]> {
  const found: Checked[] = [];
  for (
    let mark = await newestMark(context, stream);
    mark !== undefined;
    mark = await markBefore(context, stream, mark)
  ) {
    found.unshift({ mark, fold: await loadCheckpoint(context, stream, mark.data) });
  }
  return found;
}

class Walk {
  readonly damage: Damage[] = [];
  /** Sequences of epoch starts. */
  readonly epochs: number[] = [];
  /** Sequences of checkpoints that do not match what was folded. */
  readonly differing = new Set<number>();
  count = 0;
  readonly #info: BackendStreamInfo;
  readonly #reader: StreamReader;
  readonly #pending: Checked[];
  /** Undefined while not known: the head was purged, and its checkpoint is not reached yet; or after damage. */
  #fold: Fold | undefined;

  constructor(info: BackendStreamInfo, checked: readonly Checked[]) {
    this.#info = info;
    this.#reader = new StreamReader({
      stream: info.name,
      gapless: info.gapless,
      packs: packsOf(info.definition),
      nextSeq: Math.max(info.firstSeq, 1),
    });
    this.#pending = [...checked];
    const headRetained = info.firstSeq <= 1 || !info.gapless;
    if (headRetained) this.#fold = new Fold();
    else if (!checked.some(({ mark, fold }) => fold !== undefined && mark.data.seq >= info.firstSeq - 1)) {
      const message = 'the head of the stream is gone and no good checkpoint stands for it';
      this.damage.push({ stream: info.name, kind: 'gap', from: 1, to: info.firstSeq - 1, message });
    }
    this.#compare();
  }

  /** Undefined after damage that nothing answers for. */
  get state(): FoldedState | undefined {
    return this.#fold?.stateAt({ incarnation: this.#info.incarnation, ...this.#reader.settled });
  }

  take(raw: Parameters<StreamReader['push']>[0]): void {
    this.count += 1;
    for (const step of this.#reader.push(raw)) this.#step(step);
    this.#compare();
  }

  end(): void {
    for (const step of this.#reader.missing(this.#info.lastSeq)) this.#step(step);
  }

  #step(step: Step): void {
    if (step.kind === 'damage') {
      this.damage.push(step.damage);
      this.#fold = undefined;
    } else if (step.kind === 'events') {
      for (const event of step.events) this.#fold?.apply(event);
    } else {
      this.epochs.push(step.event.seq);
      this.#fold = new Fold();
    }
  }

  /** At a checkpoint's sequence: its state must be what was folded; where nothing could be folded, it is the start. */
  #compare(): void {
    const { seq } = this.#reader.settled;
    for (;;) {
      const next = this.#pending[0];
      if (next === undefined || next.mark.data.seq > seq) return;
      this.#pending.shift();
      if (next.fold === undefined || next.mark.data.seq < seq) continue;
      if (this.#fold === undefined) this.#fold = new Fold(next.fold.sorted());
      else if (this.#info.gapless && this.#fold.hash() !== next.mark.data.stateHash) this.differing.add(seq);
    }
  }
}
