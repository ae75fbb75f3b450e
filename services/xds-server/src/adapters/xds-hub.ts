// All Envoys of this server: keeps their sessions at the newest resources, brings time to them, and tells the rest of
// the service what they acknowledge and refuse.
import { compareRevisions, formatRevision, type Revision } from '@sluice/events';
import { CommitLog } from '../core/ack-ledger.ts';
import { AdsSession } from '../core/ads-session.ts';
import type { FindKeyPair } from '../core/compiler.ts';
import { XdsCompiler } from '../core/compiler.ts';
import type { ListenerSettings } from '../core/http-connection-manager.ts';
import type { IrChange } from '../core/ir-state.ts';
import { Quarantine, type Refusal } from '../core/quarantine.ts';
import { type RouteLayoutName, routeLayouts } from '../core/route-layouts.ts';
import { type XdsKind, xdsKinds } from '../core/type-urls.ts';
import type { XdsRequest, XdsResponse } from '../core/xds-messages.ts';
import type { XdsChange } from '../core/xds-resource.ts';
import { EarlyChanges, type EarlyOutcome } from './early-changes.ts';
import { LateMaker } from './late-maker.ts';

/** The newest word on one Envoy. */
export interface EnvoyState {
  readonly node: string;
  readonly state: 'connected' | 'silent' | 'disconnected';
  readonly acked: Revision | null;
}

/** What the hub tells. Called synchronously. */
export interface HubEvents {
  envoyChanged(state: EnvoyState): void;
  refused(refusal: Refusal): void;
  cleared(refusal: Refusal): void;
  answered(kind: XdsKind, accepted: boolean, afterMs: number): void;
  sent(response: XdsResponse): void;
  /** Changes that were compiled before they were on the log came, or were taken back. */
  prepared(outcome: EarlyOutcome): void;
}

export interface HubOptions {
  readonly layout: RouteLayoutName;
  readonly settings: ListenerSettings;
  readonly findKeyPair: FindKeyPair;
  readonly refusals: Iterable<Refusal>;
  readonly drainMs: number;
  /** An Envoy that owes an answer for this long is silent, milliseconds. */
  readonly silentMs: number;
  readonly events: HubEvents;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

/** One stream of one Envoy. */
export interface HubStream {
  receive(request: XdsRequest): void;
  close(): void;
}

interface Connection {
  readonly session: AdsSession;
  readonly send: (response: XdsResponse) => void;
  told: EnvoyState | undefined;
  /** The Envoy has something else than we do, and which of the two is newer is not known yet. */
  held: boolean;
}

/** So long an Envoy that has acknowledged nothing yet goes unmentioned. */
const helloMs = 1_000;

export class XdsHub {
  readonly #options: HubOptions;
  readonly #compiler: XdsCompiler;
  readonly #early: EarlyChanges;
  readonly #late = new LateMaker();
  readonly #commits = new CommitLog();
  readonly #quarantine: Quarantine;
  readonly #connections = new Set<Connection>();
  /** Node → its newest stream: an Envoy that reconnects may do so before its old stream is seen to end. */
  readonly #byNode = new Map<string, Connection>();
  #revision: Revision | undefined;
  #floor: Revision | undefined;
  #empty = false;
  #current = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: HubOptions) {
    this.#options = options;
    this.#quarantine = new Quarantine(options.refusals);
    this.#compiler = new XdsCompiler({
      layout: routeLayouts[options.layout],
      settings: options.settings,
      findKeyPair: options.findKeyPair,
    });
    this.#early = new EarlyChanges(this.#compiler, (outcome) => options.events.prepared(outcome));
  }

  /** The newest revision folded in; undefined before the first. */
  get revision(): Revision | undefined {
    return this.#revision;
  }

  /** Envoys connected. */
  get connected(): number {
    return this.#byNode.size;
  }

  /** Their node ids. */
  get nodes(): Iterable<string> {
    return this.#byNode.keys();
  }

  /** Refusals in force. */
  get refusals(): number {
    return this.#quarantine.size;
  }

  /** Resources at hand, by kind. */
  count(kind: XdsKind): number {
    return this.#compiler.resources(kind).size;
  }

  /** Nothing is sent while the own state is older than this: an Envoy has acknowledged as much. Undefined lifts it. */
  setFloor(revision: Revision | undefined): void {
    this.#floor = revision;
    this.#pollAll();
  }

  /**
   * The log is read to its end. Until then an Envoy that has something else than we do is sent nothing: it may have it
   * from another server that knows more.
   */
  setCurrent(): void {
    if (this.#current) return;
    this.#current = true;
    for (const connection of this.#connections) connection.held = false;
    this.#pollAll();
  }

  /** The log is read to its end and holds no revision: Envoys that have nothing need not wait for one. */
  setEmpty(): void {
    if (this.#revision !== undefined || this.#empty) return;
    this.#empty = true;
    this.#pollAll();
  }

  /** Compiles changes that may come next; nobody sees them before `commit`. */
  prepare(changes: readonly IrChange[]): void {
    if (this.#current && this.#mayServe) this.#early.prepare(changes);
  }

  /** Folds the changes of one or more revisions in and pushes what follows from them. */
  commit(changes: readonly IrChange[], revision: Revision): void {
    const made = this.#early.apply(changes);
    this.#revision = revision;
    const index = this.#commits.add(revision);
    this.#publish(made, index);
    this.#early.settle();
  }

  /** Key pairs of certificates have come, changed or gone. */
  keyPairsChanged(certificates: Iterable<string>): void {
    this.#early.takeBack();
    const made = this.#compiler.keyPairsChanged(certificates);
    if (made.length > 0) this.#publish(made, this.#commits.last + 1);
  }

  /** A new stream. `send` is called synchronously and must not throw. */
  connect(node: string, send: (response: XdsResponse) => void): HubStream {
    const connection: Connection = { session: this.#session(node), send, told: undefined, held: false };
    this.#connections.add(connection);
    this.#byNode.set(node, connection);
    // An Envoy that comes back says within moments what it has: until then nothing is known of it.
    setTimeout(() => this.#tell(connection, true), helloMs).unref();
    return {
      receive: (request) => this.#early.run(() => this.#receive(connection, request)),
      close: () => this.#close(connection),
    };
  }

  #receive(connection: Connection, request: XdsRequest): void {
    if (!this.#connections.has(connection)) return;
    const own = connection.session.inOwnNames(request);
    connection.held ||= !this.#current && this.#differs(own);
    connection.session.receive(own, this.#options.now());
    this.#poll(connection);
    this.#tell(connection);
  }

  /** Ends all timers, and counts every Envoy as disconnected. Streams are closed by their owner. */
  stop(): void {
    for (const connection of [...this.#connections]) this.#close(connection);
    this.#early.takeBack();
    this.#late.stop();
    clearTimeout(this.#timer);
  }

  /** Looks for Envoys that have fallen silent; to be called every few seconds. */
  checkSilence(): void {
    for (const connection of this.#connections) this.#tell(connection);
  }

  #session(node: string): AdsSession {
    const compiler = this.#compiler;
    const { events, drainMs } = this.#options;
    return new AdsSession({
      node,
      source: {
        get: (kind, name) => compiler.resources(kind).get(name),
        names: (kind) => compiler.resources(kind).keys(),
      },
      commits: this.#commits,
      quarantine: this.#quarantine,
      drainMs,
      forerunner: routeLayouts[this.#options.layout].forerunner,
      events,
    });
  }

  #publish(changes: readonly XdsChange[], index: number): void {
    this.#late.add(changes);
    this.#liftRefusals(changes);
    for (const connection of this.#connections) {
      connection.session.changed(changes, index);
      this.#poll(connection);
      this.#tell(connection);
    }
  }

  /** What is gone cannot be refused any more. */
  #liftRefusals(changes: readonly XdsChange[]): void {
    if (this.#quarantine.size === 0) return;
    for (const { kind, name, resource } of changes) {
      if (resource !== undefined) continue;
      for (const refusal of this.#quarantine.ofResource(kind, name)) {
        this.#quarantine.remove(refusal.node, kind, name);
        this.#options.events.cleared(refusal);
      }
    }
  }

  get #mayServe(): boolean {
    if (this.#revision === undefined) return false;
    return this.#floor === undefined || compareRevisions(this.#revision, this.#floor) >= 0;
  }

  #pollAll(): void {
    this.#early.run(() => {
      for (const connection of this.#connections) {
        this.#poll(connection);
        this.#tell(connection);
      }
    });
  }

  #poll(connection: Connection): void {
    for (const response of this.#responses(connection)) {
      connection.send(response);
      this.#options.events.sent(response);
    }
    this.#schedule();
  }

  #differs({ kind, initialVersions }: XdsRequest): boolean {
    const ours = this.#compiler.resources(kind);
    return [...initialVersions].some(([name, version]) => ours.get(name)?.version !== version);
  }

  #responses({ session, held }: Connection): XdsResponse[] {
    const now = this.#options.now();
    if (held) return [];
    if (this.#mayServe) return session.poll(now);
    const nothingYet = this.#empty && this.#revision === undefined && this.#floor === undefined;
    return nothingYet ? session.greet(now) : [];
  }

  #schedule(): void {
    const due = [...this.#connections].flatMap(({ session }) => session.nextPollMs() ?? []);
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (due.length === 0) return;
    const wait = Math.max(1, Math.min(...due) - this.#options.now());
    this.#timer = setTimeout(() => this.#pollAll(), wait).unref();
  }

  #close(connection: Connection): void {
    if (!this.#connections.delete(connection)) return;
    const { node } = connection.session;
    if (this.#byNode.get(node) !== connection) return;
    this.#byNode.delete(node);
    this.#options.events.envoyChanged({ node, state: 'disconnected', acked: connection.session.acked() });
    this.#schedule();
  }

  /** `hello`: also of an Envoy of which nothing has been told yet and that has acknowledged nothing. */
  #tell(connection: Connection, hello = false): void {
    const { session } = connection;
    if (this.#byNode.get(session.node) !== connection) return;
    const silent = session.isSilent(this.#options.now(), this.#options.silentMs);
    const acked = this.#mayServe ? session.acked() : null;
    const state: EnvoyState = { node: session.node, state: silent ? 'silent' : 'connected', acked };
    if (sameState(connection.told, state)) return;
    if (connection.told === undefined && acked === null && !hello) return;
    connection.told = state;
    this.#options.events.envoyChanged(state);
  }
}

function sameState(a: EnvoyState | undefined, b: EnvoyState): boolean {
  if (a === undefined || a.state !== b.state) return false;
  return (a.acked && formatRevision(a.acked)) === (b.acked && formatRevision(b.acked));
}

/** All kinds with the number of resources of each: for gauges. */
export function countsOf(hub: XdsHub): [XdsKind, number][] {
  return xdsKinds.map((kind) => [kind, hub.count(kind)]);
}
