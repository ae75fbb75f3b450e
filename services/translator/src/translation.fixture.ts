// A translation on a log, without a process around it, and a hand that plays the other services.
import type { EventLog, LogWriter, NewEvent } from '@sluice/event-log';
import {
  type AckEvent,
  decodeEvent,
  encodeEvent,
  type IrEvent,
  type StatusEvent,
  streams,
} from '@sluice/events';
import { type IrId, type IrResource, irIdOf } from '@sluice/ir';
import { createLogger, createRegistry, Health, PropagatingTracerProvider } from '@sluice/service-kit';
import { Translation, type TranslationOptions } from './adapters/translation.ts';
import { type FactInput, refKey } from './core/index.ts';
import { createMetrics } from './metrics.ts';
import { controllerNames } from './scenario.fixture.ts';

/** A running translation. */
export interface Rig extends AsyncDisposable {
  readonly translation: Translation;
  readonly health: Health;
  /** What ended the run; undefined while it runs or when it was stopped. */
  readonly ended: Promise<unknown>;
}

let instances = 0;

/** Starts a translation. */
export function startTranslation(log: EventLog, options: Partial<TranslationOptions> = {}): Rig {
  instances += 1;
  const health = new Health();
  const registry = createRegistry('translator', '0');
  const translation = new Translation({
    log,
    logger: createLogger({ service: 'translator', version: '0', replica: 'test', level: 'silent' }),
    tracer: new PropagatingTracerProvider().getTracer(),
    metrics: createMetrics(registry),
    health,
    controllerNames,
    reportOrphans: true,
    version: '0',
    instance: `t${instances}`,
    checkpoints: { every: 0, purge: false, quietMs: 0 },
    leadership: { beatMs: 20, goodForMs: 200, askMs: 30 },
    serverWatch: { silentMs: 60_000, goneMs: 600_000, lookMs: 1000 },
    ...options,
  });
  const ended = translation.run().then(
    () => undefined,
    (error: unknown) => error,
  );
  return {
    translation,
    health,
    ended,
    async [Symbol.asyncDispose]() {
      translation.stop();
      await ended;
    },
  };
}

/** Writes what api-watcher and xds-server write. */
export class Hand {
  readonly #facts: LogWriter;
  readonly #acks: LogWriter;

  private constructor(facts: LogWriter, acks: LogWriter) {
    this.#facts = facts;
    this.#acks = acks;
  }

  static async open(log: EventLog): Promise<Hand> {
    await log.ensureStream(streams.FACTS);
    await log.ensureStream(streams.ACKS);
    return new Hand(await log.openWriter('FACTS', 'hand'), await log.openWriter('ACKS', 'hand'));
  }

  /** Appends facts, and answers the sequence of the last one. */
  async facts(inputs: readonly FactInput[], traceparent?: string): Promise<number> {
    const events = inputs.map(({ subject, fact }) => {
      const event: NewEvent = encodeEvent(fact, subject);
      return traceparent === undefined ? event : { ...event, traceparent };
    });
    return (await this.#facts.append(events)).lastSeq;
  }

  /** Appends something that is no fact. */
  async poison(subject: string): Promise<number> {
    const event = {
      subject,
      type: 'ObjectChanged',
      tombstone: false,
      data: new TextEncoder().encode('{"no":"fact"}'),
    };
    return (await this.#facts.append([event])).lastSeq;
  }

  async acks(acks: readonly AckEvent[]): Promise<void> {
    await this.#acks.append(acks.map((ack) => encodeEvent(ack)));
  }

  async startEpoch(): Promise<void> {
    await this.#facts.startEpoch('test');
  }
}

/** Whether a translation is the one that writes, and has written what it had to. */
export function isActive({ health }: Rig, epoch?: number): boolean {
  const { ready, checks } = health.readiness();
  const words = epoch === undefined ? 'active, epoch ' : `active, epoch ${epoch}`;
  return ready && checks.some((check) => check.detail.startsWith(words));
}

/** What stands on the log of the IR. */
export async function irOn(log: EventLog): Promise<Map<IrId, IrResource>> {
  const found = new Map<IrId, IrResource>();
  for (const event of (await log.stateAt('IR')).events.values()) {
    const decoded = decodeEvent('IR', event.data);
    if (decoded.ok && decoded.event.type === 'ResourcePut')
      found.set(irIdOf(decoded.event.resource), decoded.event.resource);
  }
  return found;
}

/** Every revision on the log, oldest first. */
export async function revisionsOn(log: EventLog): Promise<Extract<IrEvent, { type: 'RevisionCommitted' }>[]> {
  const found = [];
  for await (const event of log.read('IR')) {
    const decoded = decodeEvent('IR', event.data);
    if (decoded.ok && decoded.event.type === 'RevisionCommitted') found.push(decoded.event);
  }
  return found;
}

type StatusChanged = Extract<StatusEvent, { type: 'StatusChanged' }>;

/** What stands on the log of statuses, by `refKey`. */
export async function statusOn(log: EventLog): Promise<Map<string, StatusChanged>> {
  const found = new Map<string, StatusChanged>();
  for (const event of (await log.stateAt('STATUS')).events.values()) {
    const decoded = decodeEvent('STATUS', event.data);
    if (decoded.ok && decoded.event.type === 'StatusChanged')
      found.set(refKey(decoded.event.ref), decoded.event);
  }
  return found;
}

/** One condition of a Gateway. */
export function conditionOf(
  status: ReadonlyMap<string, StatusChanged>,
  gateway: string,
  type: string,
): { status: string; reason: string; message: string; lastTransitionTime: string } | undefined {
  const [namespace = '', name = ''] = gateway.split('/');
  const found = status.get(refKey({ group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace, name }));
  const conditions = found?.status.conditions as
    | { type: string; status: string; reason: string; message: string; lastTransitionTime: string }[]
    | undefined;
  return conditions?.find((c) => c.type === type);
}
