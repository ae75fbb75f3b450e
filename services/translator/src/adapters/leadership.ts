import type { EventLog } from '@sluice/event-log';
import type { Logger } from '@sluice/service-kit';
import { z } from 'zod';

/** Core subject of the active translator's heartbeats. */
export const beatSubject = 'heartbeat.translator';
/** Core subject on which a new translator asks whether one is active. */
export const askSubject = 'heartbeat.translator.ask';

const beatSchema = z.object({
  instance: z.string(),
  /** How long this sign of life counts, milliseconds; 0: it leaves. */
  goodForMs: z.number().nonnegative(),
  /** Epoch of its lease of the IR; 0 while it has none. */
  epoch: z.number().nonnegative(),
});

/** Times of leadership, milliseconds. */
export interface LeadershipTimes {
  /** Between two heartbeats. */
  readonly beatMs: number;
  /** How long a heartbeat counts. */
  readonly goodForMs: number;
  /** How long to wait for an answer to "is anybody active?". */
  readonly askMs: number;
}

/** Times in production: a standby takes over 5 s after the last heartbeat, a first translator starts after 0.3 s. */
export const productionTimes: LeadershipTimes = { beatMs: 1000, goodForMs: 5000, askMs: 300 };

/**
 * Who of several translators writes. Heartbeats only decide who tries: what makes it safe is the lease of the IR,
 * which ends the one before. Should two be active for a moment, one is fenced and starts again as a standby.
 */
export class Leadership {
  readonly #log: EventLog;
  readonly #logger: Logger;
  readonly #instance: string;
  readonly #times: LeadershipTimes;
  /** When each of the others stops counting as alive; under the empty name, when to stop waiting for an answer. */
  readonly #until = new Map<string, number>();
  #check: NodeJS.Timeout | undefined;
  #beating: NodeJS.Timeout | undefined;
  #stopListening: readonly (() => void)[] = [];
  readonly #free = Promise.withResolvers<void>();
  readonly #overtaken = Promise.withResolvers<number>();
  #epoch = 0;

  constructor(of: { log: EventLog; logger: Logger; instance: string; times: LeadershipTimes }) {
    this.#log = of.log;
    this.#logger = of.logger;
    this.#instance = of.instance;
    this.#times = of.times;
    this.#until.set('', Date.now() + of.times.askMs);
  }

  /** Resolves when no other translator gives a sign of life, and gives signs of its own from then on. */
  async acquire(): Promise<void> {
    this.#stopListening = [
      this.#log.listen(beatSubject, (data) => this.#heard(data)),
      this.#log.listen(askSubject, (data) => this.#asked(data)),
    ];
    this.#send(askSubject, this.#times.askMs);
    this.#check = setInterval(() => this.#look(), Math.max(5, this.#times.askMs / 6));
    await this.#free.promise;
    clearInterval(this.#check);
    this.#beating = setInterval(() => this.#send(beatSubject, this.#times.goodForMs), this.#times.beatMs);
    this.#send(beatSubject, this.#times.goodForMs);
  }

  /** Epoch of the lease that was taken: who hears of a higher one has been replaced. */
  set epoch(epoch: number) {
    this.#epoch = epoch;
  }

  /** Resolves with the epoch of a translator that has replaced this one. */
  get overtaken(): Promise<number> {
    return this.#overtaken.promise;
  }

  /** Asks the others to be patient: for work that gives no time for heartbeats. */
  busy(forMs: number): void {
    this.#send(beatSubject, Math.max(forMs, this.#times.goodForMs));
  }

  /** Says goodbye, so that a standby takes over at once. */
  leave(): void {
    clearInterval(this.#check);
    for (const stop of this.#stopListening) stop();
    if (this.#beating === undefined) return;
    clearInterval(this.#beating);
    this.#send(beatSubject, 0);
  }

  #look(): void {
    const now = Date.now();
    // Nobody can be heard while the connection is down, so nobody is missed either.
    if (!this.#log.connected)
      for (const name of this.#until.keys()) this.#until.set(name, now + this.#times.goodForMs);
    else if ([...this.#until.values()].every((until) => now >= until)) this.#free.resolve();
  }

  #heard(data: Uint8Array): void {
    const beat = read(data);
    if (beat === undefined || beat.instance === this.#instance) return;
    if (this.#beating !== undefined) {
      if (beat.epoch > this.#epoch && this.#epoch > 0) this.#overtaken.resolve(beat.epoch);
      return;
    }
    // The newest word counts: the end of a busy time shortens it.
    this.#until.set(beat.instance, Date.now() + beat.goodForMs);
    this.#logger.debug({ active: beat.instance, goodForMs: beat.goodForMs }, 'another translator is active');
  }

  /** The active one answers; of two that ask at once, the smaller name goes first. */
  #asked(data: Uint8Array): void {
    const ask = read(data);
    if (ask === undefined || ask.instance === this.#instance) return;
    if (this.#beating !== undefined) this.#send(beatSubject, this.#times.goodForMs);
    else if (ask.instance < this.#instance) this.#until.set(ask.instance, Date.now() + this.#times.goodForMs);
  }

  #send(subject: string, goodForMs: number): void {
    this.#log.notify(
      subject,
      new TextEncoder().encode(JSON.stringify({ instance: this.#instance, goodForMs, epoch: this.#epoch })),
    );
  }
}

function read(data: Uint8Array): z.infer<typeof beatSchema> | undefined {
  try {
    return beatSchema.safeParse(JSON.parse(new TextDecoder().decode(data))).data;
  } catch {
    return undefined;
  }
}
