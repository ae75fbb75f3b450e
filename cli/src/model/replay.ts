// Facts translated again. In: the facts of the log in order, and the revisions that stand on it; out: for each revision
// whether its recorded hash is the one that the facts give, and what differs.
import type { LogEvent } from '@sluice/event-log';
import { decodeEvent, formatRevision } from '@sluice/events';
import { canonicalHash, compareText, type IrId, type IrResource, irHash, irIdOf } from '@sluice/ir';
import {
  createTranslator,
  type FactInput,
  type Translator,
  type TranslatorOutput,
} from '@sluice/translator/core';
import type { Committed } from './world.ts';

/** How one recorded revision compares. */
export interface RevisionOutcome {
  readonly revision: string;
  readonly translator: string;
  /** `unknown`: the facts it was made from are not retained, or had been read past. */
  readonly result: 'same' | 'differs' | 'unknown';
  readonly recordedHash: string;
  readonly replayedHash: string;
}

/** Folds facts through a translator of this version. */
export class Replayer {
  readonly #controllerNames: readonly string[];
  readonly #lostSeqs: readonly number[];
  /** Where the state that is folded begins. */
  #epochSeq: number;
  #translator: Translator;
  #waiting: FactInput[] = [];
  #seq: number;
  readonly #ir = new Map<IrId, IrResource>();

  /**
   * @param of `baseSeq` is the sequence that the first facts stand for: 0 where the whole log is retained; `lostSeqs` are
   * sequences of facts that are damaged: what was made from them cannot be made again
   */
  constructor(of: {
    readonly controllerNames: readonly string[];
    readonly baseSeq: number;
    readonly lostSeqs?: readonly number[];
  }) {
    this.#lostSeqs = of.lostSeqs ?? [];
    this.#epochSeq = of.baseSeq;
    this.#controllerNames = of.controllerNames;
    this.#translator = createTranslator({ controllerNames: of.controllerNames });
    this.#seq = of.baseSeq;
  }

  /** Sequence of the last fact taken. */
  get seq(): number {
    return this.#seq;
  }

  /** The IR as of the last `compare`. */
  get ir(): ReadonlyMap<IrId, IrResource> {
    return this.#ir;
  }

  /** Takes the next fact in. An epoch start makes void what stood before. */
  take(event: LogEvent): void {
    this.#seq = Math.max(this.#seq, event.seq);
    if (event.subject.startsWith('log.')) {
      if (event.type === 'EpochStarted') this.#startAnew(event.seq);
      return;
    }
    const decoded = decodeEvent('FACTS', event.data);
    if (decoded.ok) this.#waiting.push({ subject: event.subject, fact: decoded.event });
  }

  /** Translates what was taken, and compares with a revision whose facts end at the last one taken. */
  compare(recorded: Committed): RevisionOutcome {
    const output = this.#translate(recorded);
    const lost = this.#lostSeqs.some((seq) => seq > this.#epochSeq && seq <= recorded.revision.seq);
    const known = this.#seq === recorded.revision.seq && !lost;
    return {
      revision: formatRevision(recorded.revision),
      translator: recorded.translator,
      result: !known ? 'unknown' : output.stateHash === recorded.stateHash ? 'same' : 'differs',
      recordedHash: recorded.stateHash,
      replayedHash: output.stateHash,
    };
  }

  #translate(recorded: Committed): TranslatorOutput {
    const output = this.#translator.apply({ facts: this.#waiting, revision: recorded.revision });
    this.#waiting = [];
    for (const resource of output.ir.puts) this.#ir.set(irIdOf(resource), resource);
    for (const { kind, key } of output.ir.removes) this.#ir.delete(`${kind}:${key}`);
    return output;
  }

  #startAnew(epochSeq: number): void {
    this.#epochSeq = epochSeq;
    this.#translator = createTranslator({ controllerNames: this.#controllerNames });
    this.#waiting = [];
    this.#ir.clear();
  }
}

/** Ids of resources that are on one side only, or differ; sorted. */
export interface IrDifference {
  readonly onlyRecorded: readonly string[];
  readonly onlyReplayed: readonly string[];
  readonly changed: readonly string[];
}

/** Compares two sets of resources. */
export function compareIr(
  recorded: ReadonlyMap<IrId, IrResource>,
  replayed: ReadonlyMap<IrId, IrResource>,
): IrDifference {
  const changed = [...recorded].flatMap(([id, resource]) => {
    const other = replayed.get(id);
    return other !== undefined && irHash(other) !== irHash(resource) ? [id] : [];
  });
  const missing = (from: ReadonlyMap<IrId, IrResource>, to: ReadonlyMap<IrId, IrResource>) =>
    [...from.keys()].filter((id) => !to.has(id)).sort(compareText);
  return {
    onlyRecorded: missing(recorded, replayed),
    onlyReplayed: missing(replayed, recorded),
    changed: changed.sort(compareText),
  };
}

/** One hash over everything that Envoy would be given: type, name and bytes of each resource, in order. */
export function xdsHash(
  resources: ReadonlyMap<string, ReadonlyMap<string, { readonly version: string }>>,
): string {
  return canonicalHash(
    [...resources].map(([typeUrl, byName]) => [
      typeUrl,
      [...byName].map(([name, { version }]) => [name, version]),
    ]),
  );
}
