// The protocol with one Envoy on one stream, without I/O: requests and changes come in, responses come out, the caller
// brings the time. See docs/adr/0008 for the order of pushes and for what counts as acknowledged.
import type { Revision } from '@sluice/events';
import { AckLedger, type CommitLog } from './ack-ledger.ts';
import { Forerunner, forerunnerName } from './forerunner.ts';
import { PushGates, type XdsSource } from './push-gates.ts';
import type { Quarantine, Refusal } from './quarantine.ts';
import { ownNames, sentScope, wireName } from './sent-scope.ts';
import { type InFlight, TypeChannel } from './type-channel.ts';
import { type XdsKind, xdsKinds } from './type-urls.ts';
import type { XdsRequest, XdsResponse } from './xds-messages.ts';
import type { XdsChange, XdsResource } from './xds-resource.ts';

/** What a session tells its owner. */
export interface SessionEvents {
  /** A resource is found guilty and is in quarantine now. */
  refused(refusal: Refusal): void;
  /** A refusal is over: a later version was accepted. */
  cleared(refusal: Refusal): void;
  /** A response was answered after so many milliseconds. */
  answered(kind: XdsKind, accepted: boolean, afterMs: number): void;
}

export interface SessionOptions {
  /** Node id of the Envoy. */
  readonly node: string;
  readonly source: XdsSource;
  readonly commits: CommitLog;
  readonly quarantine: Quarantine;
  readonly events: SessionEvents;
  /** See `GateOptions.drainMs`. */
  readonly drainMs: number;
  /** See `RouteLayout.forerunner`. */
  readonly forerunner?: (() => XdsResource) | undefined;
}

/** A response holds at most so many resources, and ends once it holds so many bytes. */
const maxItems = 2_000;
const maxBytes = 1_000_000;

/** Name → what is sent, undefined for a removal. */
type Items = Map<string, XdsResource | undefined>;
type Verdict = XdsResource | 'remove' | 'wait' | 'settled' | 'skip';

export class AdsSession {
  readonly node: string;
  readonly #options: SessionOptions;
  readonly #channels: Readonly<Record<XdsKind, TypeChannel>> = {
    cluster: new TypeChannel('cluster'),
    endpoint: new TypeChannel('endpoint'),
    secret: new TypeChannel('secret'),
    listener: new TypeChannel('listener'),
    route: new TypeChannel('route'),
    scope: new TypeChannel('scope'),
  };
  readonly #gates: PushGates;
  readonly #forerunner: Forerunner;
  readonly #ledger = new AckLedger();
  /** Scope that is gone → the commit that took it away. */
  readonly #removedAt = new Map<string, number>();
  /** The first commit of which the Envoy lacks a scope; undefined where it lacks none. Set before scopes are chosen. */
  #scopesLackedSince: number | undefined;
  #nonce = 0;
  #acked: Revision | null = null;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.node = options.node;
    this.#gates = new PushGates({ ...options, channels: this.#channels });
    const { source, forerunner: make } = options;
    this.#forerunner = new Forerunner({ source, channels: this.#channels, make });
    for (const kind of xdsKinds)
      for (const name of options.source.names(kind)) {
        this.#ledger.changed(idOf(kind, name), 0, false);
        this.#channels[kind].dirty.add(name);
      }
  }

  /** A request of the Envoy with the names of scopes that are ours; see `wireName`. */
  inOwnNames(request: XdsRequest): XdsRequest {
    if (request.kind !== 'scope') return request;
    const initialVersions = ownNames(request.initialVersions, this.#options.source.names('scope'));
    return { ...request, initialVersions };
  }

  /** Takes a request in our own names in. Follow with `poll`. */
  receive(request: XdsRequest, nowMs: number): void {
    const { source, events } = this.#options;
    const channel = this.#channels[request.kind];
    const hadAll = channel.wildcard;
    const answer = channel.receive(request, (name) => source.get(request.kind, name));
    if (channel.wildcard && !hadAll) for (const name of source.names(request.kind)) channel.dirty.add(name);
    if (answer.type === 'none') return;
    events.answered(request.kind, answer.type === 'accepted', nowMs - answer.flight.sentAtMs);
    if (answer.type === 'accepted') this.#accepted(request.kind, answer.flight);
    else this.#refused(request.kind, answer.flight, answer.message);
  }

  /** Takes changes of the source in, which must already show them; `commit` is the index of the revision that made them. */
  changed(changes: readonly XdsChange[], commit: number): void {
    for (const { kind, name, resource } of changes) {
      const channel = this.#channels[kind];
      const id = idOf(kind, name);
      if (kind === 'scope' && resource !== undefined) this.#recognise(resource);
      channel.dirty.add(name);
      if (resource !== undefined || (kind === 'listener' && channel.held.has(name)))
        this.#ledger.changed(id, commit, channel.flight?.items.has(name) === true);
      else this.#ledger.settled(id);
      if (kind === 'scope' && resource === undefined) this.#removedAt.set(name, commit);
      else if (kind === 'scope') this.#removedAt.delete(name);
      if (kind === 'cluster' && resource !== undefined) this.#gates.endWait(name);
    }
  }

  /** All that can be sent now. A cluster that is new or changed takes its endpoints along: Envoy warms it with them. */
  poll(nowMs: number): XdsResponse[] {
    const responses: XdsResponse[] = [];
    for (const kind of xdsKinds) {
      const channel = this.#channels[kind];
      if (!channel.opened || channel.flight !== undefined) continue;
      const items = this.#goesAhead(channel) ?? this.#select(channel, nowMs);
      if (items === 'later' || (items.size === 0 && !channel.expectsAnswer)) continue;
      responses.push(this.#send(channel, items, nowMs));
      if (kind === 'cluster') this.#takeEndpointsAlong(items);
    }
    return responses;
  }

  /** Tells an Envoy that has nothing, and waits for a first word, that there is nothing; takes nothing from any other. */
  greet(nowMs: number): XdsResponse[] {
    return xdsKinds
      .map((kind) => this.#channels[kind])
      .filter((channel) => channel.expectsAnswer && channel.flight === undefined)
      .map((channel) => this.#send(channel, new Map(), nowMs));
  }

  /** The newest revision of which this Envoy has acknowledged everything; null before the first. Never goes back. */
  acked(): Revision | null {
    const { commits } = this.#options;
    const oldest = this.#ledger.oldest((id) => this.#gates.counts(...partsOf(id)));
    const index = oldest === undefined ? commits.last : oldest - 1;
    this.#acked = commits.revisionAt(index) ?? this.#acked;
    return this.#acked;
  }

  /** True where an answer has been due for `afterMs`. */
  isSilent(nowMs: number, afterMs: number): boolean {
    return xdsKinds.some((kind) => {
      const flight = this.#channels[kind].flight;
      return flight !== undefined && nowMs - flight.sentAtMs >= afterMs;
    });
  }

  /** When to poll again even if nothing happens; undefined for never. */
  nextPollMs(): number | undefined {
    return this.#gates.nextDueMs();
  }

  /** An Envoy that came before the log was read has told of the scope under its wire name alone. */
  #recognise(scope: XdsResource): void {
    const { held, dirty } = this.#channels.scope;
    if (!held.hasUnknown) return;
    const wire = wireName(scope.name);
    const found = wire === scope.name ? undefined : held.get(wire);
    if (found === undefined) return;
    const { version } = found;
    held.delete(wire);
    dirty.delete(wire);
    held.set(scope.name, { version, resource: scope.version === version ? scope : undefined });
  }

  #send(channel: TypeChannel, items: InFlight['items'], nowMs: number): XdsResponse {
    this.#nonce += 1;
    const nonce = String(this.#nonce);
    channel.sent({ nonce, items, sentAtMs: nowMs });
    return {
      kind: channel.kind,
      nonce,
      resources: [...items.values()]
        .filter((item) => item !== undefined)
        .map((item) => (item.kind === 'scope' ? sentScope(item, `${nowMs}.${nonce}`) : item)),
      removed: [...items].flatMap(([name, item]) =>
        item === undefined ? [channel.kind === 'scope' ? wireName(name) : name] : [],
      ),
    };
  }

  /** What goes before all listeners; undefined where nothing does. */
  #goesAhead({ kind }: TypeChannel): Items | undefined {
    const forerunner = kind === 'listener' ? this.#forerunner.take() : undefined;
    return forerunner && new Map([[forerunner.name, forerunner]]);
  }

  #accepted(kind: XdsKind, flight: InFlight): void {
    const { source } = this.#options;
    for (const [name, resource] of flight.items) {
      // Whether it may leave is asked with each push from now on.
      if (name === forerunnerName && resource !== undefined) this.#channels.listener.dirty.add(name);
      const id = idOf(kind, name);
      const newest = source.get(kind, name)?.version;
      if (resource === undefined) {
        if (kind === 'cluster') this.#gates.endWait(name);
        if (kind === 'scope') this.#removedAt.delete(name);
      }
      if (newest !== resource?.version) {
        this.#ledger.advanced(id);
        continue;
      }
      this.#settled(kind, name);
    }
  }

  /** The Envoy has the newest version: by its word now, or since it went back to what the Envoy has held all along. */
  #settled(kind: XdsKind, name: string): void {
    const { quarantine, events } = this.#options;
    this.#ledger.settled(idOf(kind, name));
    const refusal = quarantine.remove(this.node, kind, name);
    if (refusal !== undefined) events.cleared(refusal);
  }

  /** A response of one resource that is refused has found the guilty one; a larger one is tried again in halves. */
  #refused(kind: XdsKind, flight: InFlight, message: string): void {
    const [only] = flight.items;
    if (flight.items.size !== 1 || only === undefined) return;
    const [name, resource] = only;
    if (resource === undefined) return;
    if (name === forerunnerName) {
      this.#forerunner.refused();
      return;
    }
    const { commits, quarantine, events } = this.#options;
    const previous = quarantine.get(this.node, kind, name);
    const refusal: Refusal = {
      node: this.node,
      kind,
      name,
      version: resource.version,
      message: kind === 'scope' ? message.replaceAll(wireName(name), name) : message,
      revision: commits.revisionAt(commits.last) ?? { epoch: 0, seq: 0 },
      resource,
      // An Envoy that never had a good version gets the one that others keep: all serve the same (ADR 0020).
      lastGood:
        this.#channels[kind].held.get(name)?.resource ??
        previous?.lastGood ??
        quarantine.lastGoodOf(kind, name, resource.version),
    };
    quarantine.add(refusal);
    events.refused(refusal);
  }

  /** What to send now; `later` where there is something, and it has to wait as a whole. */
  #select(channel: TypeChannel, nowMs: number): Items | 'later' {
    for (;;) {
      const part = channel.takePart();
      const items = this.#selectFrom(channel, part ?? [...channel.dirty], nowMs);
      if (items === 'later' || items.size > 0 || part === undefined) return items;
    }
  }

  #selectFrom(channel: TypeChannel, names: readonly string[], nowMs: number): Items | 'later' {
    const items: Items = new Map();
    let bytes = 0;
    // An Envoy takes its first scopes for all there are, and goes live with them.
    const whole = channel.kind === 'scope' && channel.expectsAnswer && !this.#forerunner.isAhead;
    if (channel.kind === 'scope') this.#scopesLackedSince = this.#oldestScope();
    for (const name of names) {
      if (!whole && (items.size >= maxItems || bytes >= maxBytes)) break;
      const verdict = this.#judge(channel, name, nowMs);
      if (verdict === 'wait' && whole) return 'later';
      if (verdict === 'wait') continue;
      if (verdict === 'skip' || verdict === 'settled') {
        channel.clean(name);
        if (verdict === 'settled') this.#settled(channel.kind, name);
      } else if (verdict === 'remove') items.set(name, undefined);
      else {
        items.set(name, verdict);
        bytes += verdict.body.length;
      }
    }
    return items;
  }

  #judge(channel: TypeChannel, name: string, nowMs: number): Verdict {
    const newest = this.#options.source.get(channel.kind, name);
    const held = channel.held.get(name);
    if (newest === undefined) {
      // What is asked for by name is never taken away: its user goes first, and then the Envoy no longer asks for it.
      if (held === undefined || !channel.wildcard) return 'settled';
      if (name === forerunnerName && this.#forerunner.isNeeded) return 'wait';
      // What it answered another scope may answer now, and within one response Envoy removes first: that one must be there.
      if (
        channel.kind === 'scope' &&
        (this.#scopesLackedSince ?? Infinity) <= (this.#removedAt.get(name) ?? 0)
      )
        return 'wait';
      return this.#gates.isRemovable(channel.kind, name, nowMs) ? 'remove' : 'wait';
    }
    const forced = channel.isForced(name);
    if (!channel.wants(name) && !forced) return 'skip';
    if (held !== undefined && held.version === newest.version && !forced) return 'settled';
    if (this.#gates.isRefused(channel.kind, name)) return this.#standIn(channel, name);
    if (channel.kind === 'listener' && this.#forerunner.holdsBack(newest)) return 'wait';
    return this.#gates.isReady(newest) ? newest : 'wait';
  }

  /** The first commit of which the Envoy lacks a scope; undefined where it lacks none. */
  #oldestScope(): number | undefined {
    return this.#ledger.oldest((id) => {
      const [kind, name] = partsOf(id);
      return kind === 'scope' && this.#gates.counts(kind, name);
    });
  }

  /** What an Envoy gets in place of a version that it refused. */
  #standIn(channel: TypeChannel, name: string): Verdict {
    const { quarantine, source } = this.#options;
    const standIn =
      source.get(channel.kind, name)?.standIn ?? quarantine.get(this.node, channel.kind, name)?.lastGood;
    const held = channel.held.get(name);
    if (standIn === undefined) return 'skip';
    return held?.version === standIn.version && !channel.isForced(name) ? 'skip' : standIn;
  }

  /** Also where the Envoy has not asked for endpoints yet on this stream: it may count on what it has, but has to have it anew. */
  #takeEndpointsAlong(clusters: ReadonlyMap<string, XdsResource | undefined>): void {
    for (const [name, cluster] of clusters) {
      const standIn = this.#options.source.get('cluster', name)?.standIn;
      if (cluster !== undefined && cluster.version !== standIn?.version) this.#channels.endpoint.force(name);
    }
  }
}

function idOf(kind: XdsKind, name: string): string {
  return `${kind} ${name}`;
}

function partsOf(id: string): [XdsKind, string] {
  const at = id.indexOf(' ');
  return [id.slice(0, at) as XdsKind, id.slice(at + 1)];
}
