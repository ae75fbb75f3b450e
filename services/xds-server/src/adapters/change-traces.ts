// The last part of a change's trace: a span for each revision, from its being folded in to the acknowledgement by the
// last Envoy that was there, and in it one for each Envoy.
import { compareRevisions, formatRevision, type Revision } from '@sluice/events';
import { type ServiceContext, startSpan, traceparentOf } from '@sluice/service-kit';

type Tracer = ServiceContext<unknown>['tracer'];
type Span = ReturnType<typeof startSpan>;

/** Revisions whose trace is remembered; older ones end unacknowledged. */
const maxRevisions = 256;

interface Push {
  readonly revision: Revision;
  readonly span: Span;
  readonly startMs: number;
  /** Envoys that have not acknowledged it; empty once the span has ended. */
  readonly waiting: Set<string>;
}

export class ChangeTraces {
  readonly #tracer: Tracer;
  readonly #pushes = new Map<string, Push>();

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  /** A revision is about to be pushed to `nodes`. `traceparents`: those of its causes, the newest last; none: no span. */
  committed(revision: Revision, traceparents: readonly string[], nodes: Iterable<string>): void {
    const parent = traceparents.at(-1);
    if (parent === undefined) return;
    const waiting = new Set(nodes);
    const span = startSpan(this.#tracer, 'push revision', {
      parent,
      links: traceparents.slice(0, -1),
      attributes: { 'sluice.revision': formatRevision(revision), 'sluice.envoys': waiting.size },
    });
    this.#pushes.set(formatRevision(revision), { revision, span, startMs: Date.now(), waiting });
    if (waiting.size === 0) span.end();
    this.#forgetOldest();
  }

  /** An Envoy has acknowledged everything up to `revision`. */
  acknowledged(node: string, revision: Revision): void {
    for (const push of this.#pushes.values()) {
      if (compareRevisions(push.revision, revision) > 0 || !push.waiting.has(node)) continue;
      startSpan(this.#tracer, 'envoy acknowledges', {
        parent: traceparentOf(push.span),
        attributes: { 'sluice.node': node, 'sluice.revision': formatRevision(push.revision) },
        startMs: push.startMs,
      }).end();
      this.#release(push, node);
    }
  }

  /** An Envoy is gone or silent, and no longer waited for. */
  gone(node: string): void {
    for (const push of this.#pushes.values()) if (push.waiting.has(node)) this.#release(push, node);
  }

  /** Trace context of a recent revision, for the events that follow from it. */
  traceparentOf(revision: Revision): string | undefined {
    const push = this.#pushes.get(formatRevision(revision));
    return push === undefined ? undefined : traceparentOf(push.span);
  }

  /** Ends what is open. */
  stop(): void {
    for (const { span, waiting } of this.#pushes.values()) if (waiting.size > 0) span.end();
    this.#pushes.clear();
  }

  #release({ span, waiting }: Push, node: string): void {
    waiting.delete(node);
    if (waiting.size === 0) span.end();
  }

  #forgetOldest(): void {
    const [oldest] = this.#pushes;
    if (this.#pushes.size <= maxRevisions || oldest === undefined) return;
    const [name, { span, waiting }] = oldest;
    if (waiting.size > 0) span.end();
    this.#pushes.delete(name);
  }
}
