// The translator's core: facts and acknowledgements in, changes of the IR and of statuses out. Nothing is given out
// before every kind has had its first list; then only what differs from what stands on the log already. The same
// facts give the same output in whatever order and batches they come.
import type { AckEvent, Revision } from '@sluice/events';
import {
  canonicalHash,
  canonicalJson,
  compareText,
  hashOfText,
  type IrId,
  type IrKind,
  type IrResource,
  irId,
  irIdOf,
  type ObjectRef,
} from '@sluice/ir';
import { DatapathBook } from './datapath-view.ts';
import { isRawResource } from './envoy-config/part.ts';
import { EnvoyBook } from './envoy-view.ts';
import { isOfPod } from './host-port.ts';
import { type FactInput, SyncGate, takeFact, undoOf } from './inputs.ts';
import { refKey } from './keys.ts';
import { isPartOfService } from './l7-service-ir.ts';
import { IrBook, type IrLedger, type StatusLedger } from './ledger.ts';
import { buildModel, type Model, type ModelSettings } from './model.ts';
import { Outgoing, type OutgoingKind } from './outgoing.ts';
import type { SignOfLife } from './sign-of-life.ts';
import { type StatusOutput, withoutTransitionTimes } from './status.ts';

/** Settings, and what stands on the log already (default: nothing). */
export interface TranslatorOptions extends Partial<ModelSettings> {
  readonly controllerNames: readonly string[];
  readonly committedIr?: IrLedger;
  readonly committedStatus?: StatusLedger;
}

/** One batch. */
export interface TranslatorInput {
  readonly facts?: readonly FactInput[];
  readonly acks?: readonly AckEvent[];
  /** xds-servers and agents whose heartbeats stopped or came back. */
  readonly servers?: readonly { readonly server: string; readonly sign: SignOfLife }[];
  /** Forget all Envoys before `acks`. */
  readonly resetAcks?: boolean;
  /** The revision under which changes of the IR by this batch will be written. */
  readonly revision: Revision;
}

/** What a batch changes of the IR. */
export interface IrOutput {
  /** False: not every kind has had its first list, and nothing is given out. */
  readonly ready: boolean;
  /** Kinds that are waited for, as `<group>/<kind>`. */
  readonly waiting: readonly string[];
  readonly ir: {
    /** Sorted by id. */
    readonly puts: readonly IrResource[];
    /** Canonical JSON of each of `puts`. */
    readonly texts: readonly string[];
    readonly removes: readonly { readonly kind: IrKind; readonly key: string }[];
  };
  /** `SetHash` over the whole IR after it. */
  readonly stateHash: string;
  /** Transforms that ran, those of `prepare` included. */
  readonly transforms: number;
  /** Whether there were prepared facts, and they came or were taken back. */
  readonly prepared: 'none' | 'came' | 'void';
}

/** What changes of statuses. */
export interface StatusChanges {
  /** Sorted by `refKey`. */
  readonly puts: readonly StatusOutput[];
  readonly removes: readonly ObjectRef[];
  /** Transforms that ran. */
  readonly transforms: number;
}

/** What a batch changes. */
export interface TranslatorOutput extends IrOutput {
  readonly status: Pick<StatusChanges, 'puts' | 'removes'>;
}

/** The translator. */
export interface Translator {
  /** Takes a batch in, and gives what it changes of the IR. What it changes of statuses waits for `statuses`. */
  translate(input: TranslatorInput): IrOutput;
  /** What all batches since the last call change of statuses. */
  statuses(): StatusChanges;
  /** Both at once. */
  apply(input: TranslatorInput): TranslatorOutput;
  /** Whether an Envoy that is connected, and gives signs of life, has yet to acknowledge a revision. */
  isAwaited(revision: Revision): boolean;
  /**
   * Does what it can of the work for facts that may come next. Where the next batch begins with these very facts, less is left to
   * do; where not, they are taken back first. Nothing of it shows before.
   */
  prepare(facts: readonly FactInput[]): void;
  /** What has been given out so far, to go on with in another translator. */
  committedIr(): IrLedger;
  committedStatus(): StatusLedger;
  /** How often each transform has run, by name. */
  counts(): ReadonlyMap<string, number>;
}

/** Creates a translator. */
export function createTranslator(options: TranslatorOptions): Translator {
  return new IncrementalTranslator(options);
}

/** A fact that comes once, and after what it refers to, costs no more transforms than these. */
const transformsOfFact = 16;

const l4ServicePrefix = 'l4-service:';

/** A resource in canonical form. */
interface Written {
  readonly text: string;
  /** Of the text. */
  readonly hash: string;
}

const outgoingIr: OutgoingKind<IrResource, IrId, Written> = {
  idOf: irIdOf,
  nameOf: (id) => id,
  note: (resource) => {
    const text = canonicalJson(resource);
    return { text, hash: hashOfText(text) };
  },
};

const outgoingStatus: OutgoingKind<StatusOutput, ObjectRef, string> = {
  idOf: ({ ref }) => ref,
  nameOf: refKey,
  // As `statusHash` of it: there are no times in it yet.
  note: ({ uid, status }) => canonicalHash({ uid, status }),
};

class IncrementalTranslator implements Translator {
  readonly #model: Model;
  readonly #gate = new SyncGate();
  readonly #envoys = new EnvoyBook();
  readonly #datapaths = new DatapathBook();
  readonly #ir: IrBook;
  readonly #status: Map<string, string>;
  readonly #irGiven: readonly Outgoing<IrResource, IrId, Written>[];
  readonly #statusGiven: readonly Outgoing<StatusOutput, ObjectRef, string>[];
  readonly #wanted: readonly { drain(): { key: string; after: Revision | undefined }[] }[];
  /** Whether what was on the log before has been compared with what is now: for resources, and for statuses. */
  #irStarted = false;
  #statusStarted = false;
  /** Facts so far, while first lists come in. */
  #facts = 0;
  /** Facts that are taken in and have not come yet, and how each is taken back. */
  #prepared: readonly { readonly fact: FactInput; readonly undo: () => void }[] = [];
  /** Transforms that were told in an output. */
  #told = 0;

  constructor(options: TranslatorOptions) {
    this.#model = buildModel({
      controllerNames: options.controllerNames,
      reportOrphans: options.reportOrphans ?? false,
    });
    this.#ir = new IrBook(options.committedIr ?? new Map());
    this.#status = new Map(options.committedStatus ?? []);
    const { graph, resources, statuses, wanted, revisions } = this.#model;
    this.#irGiven = resources.map((given) => new Outgoing(graph, given, outgoingIr));
    this.#statusGiven = statuses.map((given) => new Outgoing(graph, given, outgoingStatus));
    this.#wanted = wanted.map((collection) => graph.output(collection));
    for (const [id, { revision }] of this.#ir.entries) {
      if (isGatewayPart(id)) revisions.set(id, revision);
      this.#wantService(id, revision);
    }
  }

  translate(input: TranslatorInput): IrOutput {
    const { graph } = this.#model;
    const prepared = this.#takeFacts(input.facts ?? []);
    this.#takeAcks(input);
    if (!this.#gate.ready) {
      this.#workAhead(input.facts?.length ?? 0);
      return this.#nothing();
    }
    graph.commit();
    const ir = this.#changedResources(input.revision);
    this.#irStarted = true;
    return {
      ...{ ready: true, waiting: [], ir, prepared },
      stateHash: this.#ir.stateHash,
      transforms: this.#tellTransforms(),
    };
  }

  statuses(): StatusChanges {
    const { graph, envoyViews, datapathViews } = this.#model;
    if (!this.#gate.ready) return { puts: [], removes: [], transforms: 0 };
    // What is prepared shows nowhere.
    if (this.#prepared.length > 0) this.#takeFacts([]);
    graph.commit();
    for (const output of this.#wanted)
      for (const { key, after } of output.drain()) this.#envoys.want(key, after);
    for (const [gateway, view] of this.#envoys.drain()) {
      if (view === undefined) envoyViews.delete(gateway);
      else envoyViews.set(gateway, view);
    }
    for (const [service, view] of this.#datapaths.drain()) {
      if (view === undefined) datapathViews.delete(service);
      else datapathViews.set(service, view);
    }
    graph.commit();
    const changes = this.#changedStatuses();
    this.#statusStarted = true;
    return { ...changes, transforms: this.#tellTransforms() };
  }

  apply(input: TranslatorInput): TranslatorOutput {
    const output = this.translate(input);
    const { puts, removes, transforms } = this.statuses();
    return { ...output, status: { puts, removes }, transforms: output.transforms + transforms };
  }

  isAwaited(revision: Revision): boolean {
    return this.#envoys.isAwaited(revision);
  }

  prepare(facts: readonly FactInput[]): void {
    if (!this.#irStarted || this.#prepared.length > 0) return;
    const { inputs } = this.#model;
    const prepared: { fact: FactInput; undo: () => void }[] = [];
    for (const fact of facts) {
      const undo = undoOf(fact, inputs);
      if (undo === undefined) return;
      prepared.push({ fact, undo });
    }
    for (const fact of facts) takeFact(fact, inputs, this.#gate);
    this.#prepared = prepared;
    this.#noteAhead();
  }

  committedIr(): IrLedger {
    return new Map(this.#ir.entries);
  }

  committedStatus(): StatusLedger {
    return new Map(this.#status);
  }

  counts(): ReadonlyMap<string, number> {
    return this.#model.graph.counts();
  }

  /**
   * Translates what is there already while the rest of the first lists comes in. Facts mostly come in an order in which what is
   * referred to goes first; where they do not, and much is done twice, the rest waits.
   */
  #workAhead(facts: number): void {
    this.#facts += facts;
    const { graph } = this.#model;
    if (graph.transforms > this.#facts * transformsOfFact) return;
    this.#noteAhead();
  }

  /** Translates what was taken in, and notes what of it will go out. */
  #noteAhead(): void {
    this.#model.graph.commit();
    for (const given of this.#irGiven) given.workAhead();
  }

  #takeFacts(facts: readonly FactInput[]): TranslatorOutput['prepared'] {
    const { inputs } = this.#model;
    const prepared = this.#prepared;
    this.#prepared = [];
    const came = prepared.length > 0 && prepared.every(({ fact }, i) => facts[i] === fact);
    if (!came) for (const { undo } of prepared.toReversed()) undo();
    for (const fact of came ? facts.slice(prepared.length) : facts) takeFact(fact, inputs, this.#gate);
    if (prepared.length === 0) return 'none';
    return came ? 'came' : 'void';
  }

  #takeAcks({ resetAcks = false, acks = [], servers = [] }: TranslatorInput): void {
    for (const book of [this.#envoys, this.#datapaths]) {
      if (resetAcks) book.reset();
      for (const ack of acks) book.take(ack);
    }
    for (const { server, sign } of servers) {
      this.#envoys.setSign(server, sign);
      this.#datapaths.setSign(server, sign);
    }
  }

  #tellTransforms(): number {
    const { transforms } = this.#model.graph;
    const untold = transforms - this.#told;
    this.#told = transforms;
    return untold;
  }

  #nothing(): IrOutput {
    return {
      ready: false,
      waiting: this.#gate.waiting,
      ir: { puts: [], texts: [], removes: [] },
      stateHash: this.#ir.stateHash,
      transforms: this.#tellTransforms(),
      prepared: 'none',
    };
  }

  #changedResources(revision: Revision): IrOutput['ir'] {
    const puts: { id: IrId; resource: IrResource; text: string; hash: string }[] = [];
    const gone = new Set<IrId>();
    for (const given of this.#irGiven)
      given.drain(
        (_, { value, note }) => puts.push({ id: irIdOf(value), resource: value, ...note }),
        (id) => gone.add(id),
      );
    if (!this.#irStarted) {
      const alive = new Set(puts.map(({ id }) => id));
      for (const id of this.#ir.entries.keys()) if (!alive.has(id)) gone.add(id);
    }
    const changed = puts.filter(({ id, hash }) => this.#record(id, { hash, revision }));
    changed.sort((a, b) => compareText(a.id, b.id));
    const removed = [...gone].filter((id) => this.#record(id, undefined)).sort(compareText);
    return {
      puts: changed.map(({ resource }) => resource),
      texts: changed.map(({ text }) => text),
      removes: removed.map(splitId),
    };
  }

  #record(id: IrId, entry: { hash: string; revision: Revision } | undefined): boolean {
    if (!this.#ir.record(id, entry)) return false;
    this.#wantService(id, entry?.revision);
    if (!isGatewayPart(id)) return true;
    if (entry === undefined) this.#model.revisions.delete(id);
    else this.#model.revisions.set(id, entry.revision);
    return true;
  }

  /** A Service's places are to be in the kernels by the revision that last changed them; its endpoints may change more often. */
  #wantService(id: IrId, revision: Revision | undefined): void {
    if (!id.startsWith(l4ServicePrefix)) return;
    const service = id.slice(l4ServicePrefix.length);
    if (!isOfPod(service)) this.#datapaths.want(service, revision);
  }

  #changedStatuses(): Pick<StatusChanges, 'puts' | 'removes'> {
    const puts: { key: string; status: StatusOutput; hash: string }[] = [];
    const gone = new Set<string>();
    for (const given of this.#statusGiven)
      given.drain(
        (key, { value, note }) => puts.push({ key, status: value, hash: note }),
        (ref) => gone.add(refKey(ref)),
      );
    if (!this.#statusStarted) {
      const alive = new Set(puts.map(({ key }) => key));
      for (const key of this.#status.keys()) if (!alive.has(key)) gone.add(key);
    }
    const changed = puts.filter(({ key, hash }) => {
      if (this.#status.get(key) === hash) return false;
      this.#status.set(key, hash);
      return true;
    });
    changed.sort((a, b) => compareText(a.key, b.key));
    const removed = [...gone].filter((key) => this.#status.delete(key)).sort(compareText);
    return {
      puts: changed.map(({ status }) => status),
      removes: removed.map(refOfKey),
    };
  }
}

/** Hash of a status by what it says, without times. */
export function statusHash(status: Pick<StatusOutput, 'uid' | 'status'>): string {
  return canonicalHash({ uid: status.uid, status: withoutTransitionTimes(status.status) });
}

function isGatewayPart(id: IrId): boolean {
  return (
    id.startsWith('gateway:') ||
    id.startsWith('listener:') ||
    id.startsWith('certificate:') ||
    isPartOfService(id) ||
    isRawResource(id)
  );
}

function splitId(id: IrId): { kind: IrKind; key: string } {
  const colon = id.indexOf(':');
  return { kind: id.slice(0, colon) as IrKind, key: id.slice(colon + 1) };
}

function refOfKey(key: string): ObjectRef {
  const [group = '', kind = '', namespace = '', name = ''] = key.split('|');
  return { group, kind, namespace, name };
}

/** The whole translation of a set of facts, for comparing: IR by id, statuses by `refKey`, hash of the IR. */
export function translateFromScratch(
  facts: Iterable<FactInput>,
  options: Omit<TranslatorOptions, 'committedIr' | 'committedStatus'> & {
    readonly acks?: readonly AckEvent[];
    readonly revision?: Revision;
  },
): { ready: boolean; ir: Map<IrId, IrResource>; status: Map<string, StatusOutput>; stateHash: string } {
  const translator = createTranslator(options);
  const output = translator.apply({
    facts: [...facts],
    ...(options.acks === undefined ? {} : { acks: options.acks }),
    revision: options.revision ?? { epoch: 0, seq: 0 },
  });
  return {
    ready: output.ready,
    ir: new Map(output.ir.puts.map((resource) => [irId(resource.kind, resource.key), resource])),
    status: new Map(output.status.puts.map((status) => [refKey(status.ref), status])),
    stateHash: output.stateHash,
  };
}
