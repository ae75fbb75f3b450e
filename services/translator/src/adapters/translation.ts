import { setImmediate, setTimeout } from 'node:timers/promises';
import {
  type DamageNotice,
  type EventLog,
  LogError,
  onDamageReported,
  type Position,
} from '@sluice/event-log';
import { type Fact, formatRevision, streams } from '@sluice/events';
import { type Health, type Logger, type ServiceContext, traceparentOf, withSpan } from '@sluice/service-kit';
import { createTranslator, type IrOutput, type StatusChanges, type Translator } from '../core/index.ts';
import type { Metrics } from '../metrics.ts';
import { ChangeTimes } from './change-times.ts';
import { Checkpointer, type CheckpointSettings } from './checkpointer.ts';
import { Inbox, type Poison } from './inbox.ts';
import { Leadership, type LeadershipTimes } from './leadership.ts';
import { type Batch, Pending } from './pending.ts';
import { Publisher } from './publisher.ts';
import { followAcks, followFacts } from './readers.ts';
import { ServerWatch, type ServerWatchTimes } from './server-watch.ts';
import { productionPatience, type StatusPatience, StatusTurn } from './status-turn.ts';

/** What a translation runs with. */
export interface TranslationOptions {
  readonly log: EventLog;
  readonly logger: Logger;
  readonly tracer: ServiceContext<unknown>['tracer'];
  readonly metrics: Metrics;
  readonly health: Health;
  readonly controllerNames: readonly string[];
  readonly reportOrphans: boolean;
  readonly version: string;
  /** Unique among running translators. */
  readonly instance: string;
  readonly checkpoints: CheckpointSettings;
  readonly leadership: LeadershipTimes;
  readonly serverWatch: ServerWatchTimes;
  /** Default: `productionPatience`. */
  readonly statusPatience?: StatusPatience;
}

/** Events that may wait while a batch is written. */
const inboxCapacity = 50_000;
/** The own stream is looked at for damage this often, milliseconds. */
const watchMs = 1000;
/** So many changes keep Envoys and those who speak to them busy for long. */
const manyChanges = 1000;
/** What was written at the start is looked at this long after it, where it was many changes, milliseconds. */
const firstLookMs = 10_000;
/** How long a first translation of everything may take before a standby loses patience, milliseconds. */
const startPatienceMs = 60_000;

/** Follows facts and acknowledgements, translates them in batches, writes the IR and statuses. */
export class Translation {
  readonly #options: TranslationOptions;
  readonly #inbox = new Inbox(inboxCapacity);
  readonly #pending = new Pending();
  readonly #leadership: Leadership;
  readonly #servers: ServerWatch;
  readonly #checkpointer: Checkpointer;
  readonly #changeTimes: ChangeTimes;
  readonly #statusTurn: StatusTurn;
  readonly #ended = new AbortController();
  #publisher: Publisher | undefined;
  #failed: unknown;
  readonly #mayLook = Promise.withResolvers<void>();
  #mending = false;
  #doneSeq = 0;

  constructor(options: TranslationOptions) {
    const { log, logger, instance, statusPatience: patience = productionPatience } = options;
    this.#options = options;
    this.#changeTimes = new ChangeTimes((seconds) => options.metrics.changeToAck.observe(seconds));
    this.#leadership = new Leadership({ log, logger, instance, times: options.leadership });
    this.#servers = new ServerWatch({ log, inbox: this.#inbox, times: options.serverWatch });
    this.#checkpointer = new Checkpointer({ log, logger, settings: options.checkpoints });
    this.#statusTurn = new StatusTurn({ patience, wake: () => this.#inbox.wake() });
  }

  /** Sequence of FACTS up to which everything is in the IR. */
  get doneSeq(): number {
    return this.#doneSeq;
  }

  /** Runs until `stop`. Rejects with what cannot be mended but by a restart: fenced by a newer translator, or a damaged IR. */
  async run(): Promise<void> {
    const { log, health } = this.#options;
    const { signal } = this.#ended;
    health.set('facts', false, 'facts are not read yet');
    health.set('role', false, 'waits to become active');
    await log.ensureStream(streams.IR);
    await log.ensureStream(streams.STATUS);
    const deps = {
      ...this.#options,
      inbox: this.#inbox,
      servers: this.#servers,
      changeTimes: this.#changeTimes,
      signal,
    };
    this.#servers.start(signal);
    try {
      await Promise.all([followFacts(deps), followAcks(deps), this.#work(signal)]);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#ended.abort();
      this.#leadership.leave();
    }
  }

  /** Ends the run after what is being written; a standby takes over at once. */
  stop(): void {
    this.#ended.abort();
    this.#checkpointer.stop();
    this.#inbox.wake();
    this.#leadership.leave();
  }

  async #work(signal: AbortSignal): Promise<void> {
    await this.#standBy(signal);
    if (signal.aborted) return;
    const { log, logger, version, health } = this.#options;
    const publisher = await Publisher.open({ log, logger, version });
    this.#publisher = publisher;
    this.#leadership.epoch = publisher.epoch;
    void this.#leadership.overtaken.then((epoch) => this.#giveUp(overtakenBy(epoch)));
    health.set('role', true, `active, epoch ${publisher.epoch}`);
    logger.info({ epoch: publisher.epoch }, 'translator is active');
    const { ledger, position } = await publisher.committedIr();
    const committedStatus = await publisher.committedStatus();
    this.#watchIr(position, signal);
    let translator = this.#create({ committedIr: ledger, committedStatus });
    this.#pending.fold(this.#inbox.drain());
    await this.#translate(translator, publisher, this.#pending.start());
    while (!signal.aborted) {
      await this.#inbox.wait();
      const early = this.#inbox.takeEarly();
      const items = this.#inbox.drain();
      const isEarly = items.length === 0 && early !== undefined && !this.#statusTurn.overdue;
      if (isEarly && this.#failed === undefined) {
        translator.prepare(early);
        continue;
      }
      const batch = this.#pending.batch(items);
      if (batch.reset) {
        await publisher.renewEpoch();
        this.#leadership.epoch = publisher.epoch;
        translator = this.#create({
          committedIr: translator.committedIr(),
          committedStatus: translator.committedStatus(),
        });
      }
      await this.#translate(translator, publisher, batch);
    }
  }

  #create(
    committed: Pick<Parameters<typeof createTranslator>[0], 'committedIr' | 'committedStatus'>,
  ): Translator {
    const { controllerNames, reportOrphans } = this.#options;
    return createTranslator({ controllerNames, reportOrphans, ...committed });
  }

  /** Folds what comes in until it is our turn and every stored fact has come in. */
  async #standBy(signal: AbortSignal): Promise<void> {
    let turn = false;
    void this.#leadership.acquire().then(() => {
      turn = true;
      this.#inbox.wake();
    });
    while (!signal.aborted && !(turn && this.#pending.caughtUp)) {
      await this.#inbox.wait();
      this.#pending.fold(this.#inbox.drain());
      if (turn) continue;
      this.#options.health.set('role', true, 'standby');
      if (this.#pending.caughtUp) this.#options.health.set('facts', true);
    }
  }

  /** Damage of the stream that is ours is mended by an epoch start; the restart that follows writes it anew. */
  #watchIr(position: Position | undefined, signal: AbortSignal): void {
    const { log, logger } = this.#options;
    const watch = async (): Promise<void> => {
      await Promise.race([this.#mayLook.promise, setTimeout(firstLookMs, undefined, { ref: false })]);
      for await (const item of log.follow('IR', {
        signal,
        paceMs: watchMs,
        ...(position === undefined ? {} : { from: position }),
      })) {
        if (item.kind === 'damage') await this.#mendIr({ damage: item.damage, aboveEpoch: 0 });
      }
    };
    const deaf = onDamageReported(log, 'IR', (notice) => {
      void this.#confirmed(notice).then(
        (real) => (real ? this.#mendIr(notice) : undefined),
        (error: unknown) => logger.warn({ err: error }, 'reported damage cannot be looked into'),
      );
    });
    signal.addEventListener('abort', deaf, { once: true });
    watch().catch((error: unknown) => {
      if (signal.aborted) return;
      logger.error({ err: error }, 'the stream of the IR is damaged');
      this.#giveUp(error);
    });
  }

  /** A reader knows better where a stream went back; all else is there to be seen. */
  async #confirmed({ damage }: DamageNotice): Promise<boolean> {
    if (this.#mending) return false;
    if (damage.kind === 'sequence-went-back') return true;
    return (await this.#options.log.verify('IR')).damage.length > 0;
  }

  async #mendIr({ damage, aboveEpoch }: DamageNotice): Promise<void> {
    if (this.#mending) return;
    this.#mending = true;
    const { metrics, logger } = this.#options;
    metrics.damage.inc({ stream: 'IR' });
    logger.error({ damage }, 'the stream of the IR is damaged, writing it anew');
    const epoch = this.#publisher?.epoch ?? 0;
    await this.#publisher?.beginIrAnew({ damage, aboveEpoch: Math.max(aboveEpoch, epoch) });
    this.#giveUp(
      new LogError('damaged', `stream IR: ${damage.message}`, {
        hint: 'The translator restarts and writes the IR anew.',
      }),
    );
  }

  #giveUp(error: unknown): void {
    this.#failed ??= error;
    this.#inbox.wake();
  }

  async #translate(translator: Translator, publisher: Publisher, batch: Batch): Promise<void> {
    if (this.#failed !== undefined) throw this.#failed;
    if (batch.reset) this.#leadership.busy(startPatienceMs);
    const { tracer, metrics } = this.#options;
    const links = batch.traceparents.slice(0, -1);
    await withSpan(tracer, 'translate', { parent: batch.traceparents.at(-1), links }, async (span) => {
      const ended = metrics.seconds.startTimer();
      const revision = { epoch: publisher.epoch, seq: batch.seq };
      const output = translator.translate({ ...batch, revision });
      const traceparent = batch.traceparents.length === 0 ? undefined : traceparentOf(span);
      span.setAttribute('sluice.revision', formatRevision(revision));
      const changes = changesOf(output);
      if (changes > 0 && batch.sinceMs !== undefined) this.#changeTimes.revised(revision, batch.sinceMs);
      if (changes > 0) this.#statusTurn.hold(revision, { isMany: changes > manyChanges });
      this.#statusTurn.add({ timeMs: batch.timeMs, traceparent });
      const [status] = await Promise.all([
        this.#statuses(translator, output),
        publisher.writeIr(output, { revision, traceparent }),
      ]);
      if (status !== undefined) await publisher.writeStatus(status, this.#statusTurn.take());
      await publisher.writeFacts(batch.poison.map((poison) => this.#judge(poison)));
      ended();
      this.#note({ output, status, batch });
    });
  }

  /** Finds out what is to be said while the IR is on its way; undefined where that is to wait. */
  async #statuses(translator: Translator, output: IrOutput): Promise<StatusChanges | undefined> {
    if (!output.ready || this.#statusTurn.waits((revision) => translator.isAwaited(revision)))
      return undefined;
    if (changesOf(output) > 0) await setImmediate();
    return translator.statuses();
  }

  #judge({ seq, subject, error }: Poison): Fact {
    const { logger, metrics, version } = this.#options;
    metrics.judged.inc();
    logger.error({ seq, subject, error }, 'fact cannot be decoded, passed over');
    return { type: 'EventJudged', stream: 'FACTS', seq, subject, error, judge: 'translator', version };
  }

  #note(of: { output: IrOutput; status: StatusChanges | undefined; batch: Batch }): void {
    const { output, batch, status = { puts: [], removes: [], transforms: 0 } } = of;
    const { metrics, health, logger } = this.#options;
    const changes = changesOf(output);
    const transforms = output.transforms + status.transforms;
    metrics.transforms.inc(transforms);
    if (output.prepared !== 'none') metrics.early.inc({ outcome: output.prepared });
    metrics.changes.inc(changes);
    metrics.statuses.inc(status.puts.length + status.removes.length);
    metrics.seq.set(batch.seq);
    this.#doneSeq = batch.readSeq;
    health.set(
      'facts',
      output.ready,
      output.ready ? '' : `first list of ${output.waiting.join(', ')} is missing`,
    );
    logger.debug({ seq: batch.seq, facts: batch.facts.length, changes, transforms }, 'batch translated');
    if (output.ready && changes <= manyChanges) this.#mayLook.resolve();
    const publisher = this.#publisher;
    if (publisher === undefined || !output.ready) return;
    this.#checkpointer.count('FACTS', batch.facts.length, () => publisher.factsWriter());
    if (changes > 0) this.#checkpointer.count('IR', changes + 1, () => Promise.resolve(publisher.irWriter));
  }
}

function changesOf({ ir }: IrOutput): number {
  return ir.puts.length + ir.removes.length;
}

function overtakenBy(epoch: number): LogError {
  return new LogError('fenced', `another translator has taken over with epoch ${epoch}`, {
    hint: 'This one restarts as a standby.',
  });
}
