import type { LogEvent } from '@sluice/event-log';
import { parseSubject, type StreamName, subjectFilter } from '@sluice/events';
import { z } from 'zod';
import { IngressBoard } from '../model/ingress-board.ts';
import { RouteBoard } from '../model/route-board.ts';
import { routeGroup, routeKinds, verdictsOf } from '../model/route-state.ts';
import { World } from '../model/world.ts';

/** Kinds of which nothing is told while an instance runs, and of which there may be many. */
const untold = [
  { group: 'discovery.k8s.io', kind: 'EndpointSlice' },
  { group: 'gateway.networking.k8s.io', kind: 'ReferenceGrant' },
  { group: '', kind: 'ConfigMap' },
  { group: '', kind: 'Namespace' },
  { group: '', kind: 'Pod' },
] as const;

const prefix = (domain: 'object' | 'status', of: { group: string; kind: string }): string =>
  subjectFilter(domain, of).slice(0, -1);
const untoldPrefixes = untold.map((of) => prefix('object', of));
const routePrefixes = {
  FACTS: routeKinds.map((kind) => prefix('object', { group: routeGroup, kind })),
  STATUS: routeKinds.map((kind) => prefix('status', { group: routeGroup, kind })),
};

const ingressKind = { group: 'networking.k8s.io', kind: 'Ingress' };
const ingressPrefixes = {
  FACTS: prefix('object', ingressKind),
  STATUS: prefix('status', ingressKind),
};

/** What is read of a route: the rest of it is most of the log, and nothing that is told comes from it. */
const routeSchema = z.object({
  origin: z.object({ file: z.string(), line: z.number(), column: z.number() }),
  object: z.object({
    metadata: z.object({ generation: z.number() }),
    spec: z.object({
      parentRefs: z.array(
        z.object({
          group: z.string(),
          kind: z.string(),
          namespace: z.string().optional(),
          name: z.string(),
          sectionName: z.string().optional(),
          port: z.number().optional(),
        }),
      ),
    }),
  }),
});
const statusSchema = z.object({ status: z.unknown() });

/** What is told of a running instance: everything but the routes as a world, and the routes in short. */
export class WatchedState {
  readonly world = new World();
  readonly boards = { routes: new RouteBoard(), ingresses: new IngressBoard() };
  #newestFact = 0;

  /** Sequence of the newest fact folded in; 0 before the first. */
  get newestFact(): number {
    return this.#newestFact;
  }

  /** Folds events of one stream in, in order. `reset` forgets that stream's earlier events first. */
  apply(stream: StreamName, events: readonly LogEvent[], reset: boolean): void {
    if (reset) this.boards.ingresses.forget();
    if (reset && stream === 'FACTS') this.boards.routes.forgetAsked();
    if (reset && stream === 'STATUS') this.boards.routes.forgetTold();
    if (stream === 'FACTS') this.#newestFact = events.at(-1)?.seq ?? (reset ? 0 : this.#newestFact);
    const rest = stream === 'FACTS' || stream === 'STATUS' ? this.#withoutRoutes(stream, events) : events;
    this.world.apply(stream, rest, reset);
    this.#touchIngresses(stream, rest);
  }

  #touchIngresses(stream: StreamName, events: readonly LogEvent[]): void {
    if (stream === 'IR') {
      if (events.some(({ subject }) => subject.startsWith('ir.'))) this.boards.ingresses.touchListening();
      return;
    }
    if (stream !== 'FACTS' && stream !== 'STATUS') return;
    for (const { subject } of events)
      if (subject.startsWith(ingressPrefixes[stream]))
        this.boards.ingresses.touch(
          `${ingressPrefixes.FACTS}${subject.slice(ingressPrefixes[stream].length)}`,
        );
  }

  /** Folds what is said of routes in, and gives the rest of what is told. */
  #withoutRoutes(stream: 'FACTS' | 'STATUS', events: readonly LogEvent[]): LogEvent[] {
    const others: LogEvent[] = [];
    for (const event of events) {
      if (routePrefixes[stream].some((start) => event.subject.startsWith(start))) this.#route(stream, event);
      else if (!untoldPrefixes.some((start) => event.subject.startsWith(start))) others.push(event);
    }
    return others;
  }

  #route(stream: 'FACTS' | 'STATUS', { subject, tombstone, data }: LogEvent): void {
    const { group, kind, namespace, name } = parseSubject(subject);
    const ref = { group, kind, namespace, name };
    const json = tombstone ? undefined : parse(data);
    if (stream === 'FACTS') {
      const fact = routeSchema.safeParse(json);
      if (tombstone) this.boards.routes.ask(ref, undefined);
      else if (fact.success)
        this.boards.routes.ask(ref, {
          origin: fact.data.origin,
          generation: fact.data.object.metadata.generation,
          parents: fact.data.object.spec.parentRefs,
        });
      return;
    }
    const told = statusSchema.safeParse(json);
    if (tombstone) this.boards.routes.tell(ref, undefined);
    else if (told.success) this.boards.routes.tell(ref, verdictsOf(told.data.status));
  }
}

/** Undefined for what is no JSON: those who work on it judge it on the log. */
function parse(data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8'));
  } catch {
    return undefined;
  }
}
