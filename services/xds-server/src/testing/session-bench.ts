// A session of delta xDS with a scripted Envoy, for tests.
import { CommitLog } from '../core/ack-ledger.ts';
import { AdsSession } from '../core/ads-session.ts';
import { Quarantine, type Refusal } from '../core/quarantine.ts';
import type { XdsKind } from '../core/type-urls.ts';
import type { XdsRequest, XdsResponse } from '../core/xds-messages.ts';
import type { XdsRef, XdsResource } from '../core/xds-resource.ts';

export const drainMs = 5_000;

export function resource(kind: XdsKind, name: string, version = '1', uses: XdsRef[] = []): XdsResource {
  return { kind, name, version, body: new Uint8Array(10), uses, sources: [] };
}

/** A server's side with a script of an Envoy on the other. */
export class SessionBench {
  readonly commits = new CommitLog();
  readonly quarantine = new Quarantine();
  readonly refused: Refusal[] = [];
  readonly cleared: Refusal[] = [];
  readonly sent: XdsResponse[] = [];
  now = 0;
  readonly #resources = new Map<string, XdsResource>();
  readonly #forerunner: (() => XdsResource) | undefined;
  #session: AdsSession | undefined;

  /** @param forerunner see `RouteLayout` */
  constructor(forerunner?: () => XdsResource) {
    this.#forerunner = forerunner;
  }

  get session(): AdsSession {
    this.#session ??= new AdsSession({
      node: 'n',
      source: {
        get: (kind, name) => this.#resources.get(`${kind} ${name}`),
        names: (kind) => [...this.#resources.values()].filter((r) => r.kind === kind).map((r) => r.name),
      },
      commits: this.commits,
      quarantine: this.quarantine,
      drainMs,
      forerunner: this.#forerunner,
      events: {
        refused: (refusal) => this.refused.push(refusal),
        cleared: (refusal) => this.cleared.push(refusal),
        answered: () => undefined,
      },
    });
    return this.#session;
  }

  /** A revision with these resources; a name alone removes. */
  commit(...changes: (XdsResource | XdsRef)[]): void {
    for (const change of changes) {
      const id = `${change.kind} ${change.name}`;
      if ('body' in change) this.#resources.set(id, change);
      else this.#resources.delete(id);
    }
    const index = this.commits.add({ epoch: 1, seq: this.commits.last + 1 });
    this.#session?.changed(
      changes.map((change) => ({
        kind: change.kind,
        name: change.name,
        ...('body' in change ? { resource: change } : {}),
      })),
      index,
    );
    this.poll();
  }

  ask(kind: XdsKind, request: Partial<XdsRequest> = {}): void {
    const empty = {
      subscribe: [],
      unsubscribe: [],
      initialVersions: new Map<string, string>(),
      nonce: '',
      error: undefined,
    };
    this.session.receive(this.session.inOwnNames({ kind, ...empty, ...request }), this.now);
    this.poll();
  }

  /** Answers the newest response of a kind. */
  answer(kind: XdsKind, error?: string): void {
    const response = this.sent.findLast((each) => each.kind === kind);
    this.ask(kind, { nonce: response?.nonce ?? '', error });
  }

  poll(): void {
    this.sent.push(...this.session.poll(this.now));
  }

  /** What was sent since the last call: `kind: name@version …`, a removal with a minus. */
  take(): string[] {
    return this.sent
      .splice(0)
      .map(
        ({ kind, resources, removed }) =>
          `${kind}: ${[...resources.map((r) => `${r.name}@${r.version}`), ...removed.map((name) => `-${name}`)].join(' ')}`,
      );
  }

  /** Answers all that is under way with yes until nothing more comes. */
  settle(): void {
    while (this.sent.length > 0) this.accept();
  }

  /** Takes what was sent as `take` does, and answers it with yes. */
  accept(): string[] {
    const sent = [...this.sent];
    const shown = this.take();
    for (const { kind, nonce } of sent) this.ask(kind, { nonce });
    return shown;
  }

  /** As an Envoy does that starts with listeners which have scopes. */
  openScoped(endpoints: readonly string[] = []): void {
    this.ask('cluster');
    this.ask('endpoint', { subscribe: endpoints });
    this.ask('listener');
    this.settle();
    this.ask('scope');
  }
}

export const cluster = (name: string, version?: string) => resource('cluster', name, version);
export const assignment = (name: string, version?: string) => resource('endpoint', name, version);
export const scope = (name: string, uses: string[], version?: string) =>
  resource(
    'scope',
    name,
    version,
    uses.map((each) => ({ kind: 'cluster', name: each })),
  );
