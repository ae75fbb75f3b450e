import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { collectAtRest } from '@sluice/service-kit/rest';
import type { CommandContext, ExitCode } from '../command.ts';
import { connectInstance } from '../connection.ts';
import { type Assessment, assess } from '../model/assessment.ts';
import { escapeText } from '../output/escape.ts';
import { datapathHint } from '../standalone/datapath.ts';
import { Display } from '../standalone/display.ts';
import { EnvoyAdmin } from '../standalone/envoy-admin.ts';
import { LiveWorld } from '../standalone/live-world.ts';
import { fillNotes } from '../standalone/notes.ts';
import { socketPaths } from '../standalone/plan.ts';
import { assessmentLines, lowPortLine, News, processLine, readyLine } from '../standalone/report.ts';
import { standaloneControllers, type UpRequest, UserError } from '../standalone/settings.ts';
import { Supervisor } from '../standalone/supervisor.ts';
import { sluiceVersion } from '../standalone/toolchain.ts';
import { translatedSequence } from '../standalone/translator-progress.ts';
import { paintStatus } from './paint.ts';

const lookEveryMs = 50;
/** Without a change it is looked this often during a start, for what is only a matter of time. */
const idleLookMs = 1_000;
/** After a look that took a while there is a rest of so many times that while: in a start and later. */
const restAfterLook = { starting: 2, ready: 9 } as const;
/** The log is followed once all processes are ready, or (to tell what is waited for) after this time. */
const followAfterMs = 9_000;
const sayWaitingAfterMs = 10_000;
const sayAtMost = 5;
const patienceMs = 2_000;
const blockAtMost = 12;

/** Runs an instance until a signal comes, then stops it; a second signal kills it. */
export async function runUp(
  context: CommandContext,
  of: { readonly request: UpRequest; readonly notesFile: string | undefined },
): Promise<ExitCode> {
  const notes = of.notesFile === undefined ? '' : readNotes(of.notesFile);
  const supervisor = await Supervisor.open(context.config, of.request);
  return new UpSession(context, supervisor, notes).run();
}

function readNotes(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new UserError(`${file} cannot be read`, 'name a text file with --notes, or leave it out');
  }
}

class UpSession {
  readonly #context: CommandContext;
  readonly #supervisor: Supervisor;
  readonly #notes: string;
  readonly #display: Display;
  readonly #live: LiveWorld;
  readonly #news = new News(patienceMs);
  readonly #worked = collectAtRest();
  #ready = false;
  #ended = false;
  #hinted = false;
  #changed = true;
  #wake = (): void => {};
  /** Spent on looking since the last rest. */
  #spentMs = 0;
  #newest: Assessment;
  #natsPort: number;
  #waitingSaid = '';
  /** What is waited for when every process is ready and every object in force. */
  #settling = 'the log to settle';
  #nextSayMs = performance.now() + sayWaitingAfterMs;

  constructor(context: CommandContext, supervisor: Supervisor, notes: string) {
    this.#context = context;
    this.#supervisor = supervisor;
    this.#notes = notes;
    this.#natsPort = supervisor.settings.natsPort;
    this.#display = new Display(context.terminal, () => process.stdout.columns || 80);
    this.#live = new LiveWorld({ connect: () => this.#connect(), changed: () => this.#logChanged() });
    this.#newest = this.#assess();
    supervisor.onChange(() => this.#processesChanged());
    supervisor.journal.listen((text) =>
      this.#display.line(this.#context.terminal.colors.dim(escapeText(text))),
    );
  }

  async run(): Promise<ExitCode> {
    this.#banner();
    const stop = this.#waitForSignal();
    const failed = this.#supervisor.start().then(
      () => new Promise<never>(() => {}),
      (error: unknown) => Promise.reject(error),
    );
    void this.#lookForEver();
    try {
      await Promise.race([stop, failed]);
    } catch (error) {
      this.#supervisor.kill();
      throw error;
    } finally {
      this.#ended = true;
      this.#live.close();
      this.#display.end();
    }
    await this.#stop();
    return 0;
  }

  #banner(): void {
    const { layout, request, lowPortOffset, pool } = this.#supervisor.settings;
    this.#display.line(`sluice ${sluiceVersion()} (pid ${process.pid}), data in ${escapeText(layout.root)}`);
    this.#display.line(`watching ${request.directories.map(escapeText).join(', ')}; addresses from ${pool}`);
    const lowPorts = lowPortLine(lowPortOffset);
    if (lowPorts !== undefined) this.#display.line(lowPorts);
  }

  #waitForSignal(): Promise<void> {
    return new Promise((resolve) => {
      let signals = 0;
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
        process.on(signal, () => {
          signals++;
          if (signals === 1) resolve();
          else this.#killNow();
        });
    });
  }

  async #stop(): Promise<void> {
    this.#context.terminal.out('stopping: running requests may end (Ctrl-C again stops at once)');
    await this.#supervisor.stop();
    this.#context.terminal.out('stopped');
  }

  #killNow(): never {
    this.#supervisor.kill();
    this.#context.terminal.out('killed');
    process.exit(1);
  }

  #connect() {
    const { layout, natsPort, natsMonitorPort } = this.#supervisor.settings;
    return connectInstance({ layout, instance: { natsPort, natsMonitorPort } });
  }

  #processesChanged(): void {
    const { natsPort } = this.#supervisor.settings;
    if (natsPort !== this.#natsPort) this.#live.reconnect();
    this.#natsPort = natsPort;
    this.#touch();
  }

  #logChanged(): void {
    this.#worked();
    this.#touch();
  }

  #touch(): void {
    this.#changed = true;
    this.#wake();
  }

  /** Looks soon after each change, but never spends more than a part of the time on it, however many routes there are. */
  async #lookForEver(): Promise<void> {
    while (!this.#ended) {
      await this.#look();
      const rest = this.#ready ? restAfterLook.ready : restAfterLook.starting;
      await delay(Math.max(lookEveryMs, rest * this.#spentMs));
      this.#spentMs = 0;
      await this.#untilWorthALook();
    }
  }

  async #untilWorthALook(): Promise<void> {
    // Not every part of what is waited for then tells of its change.
    const isSettling = !this.#ready && this.#supervisor.allReady;
    if (this.#changed || isSettling) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (!this.#ready) setTimeout(resolve, idleLookMs).unref();
    });
  }

  async #look(): Promise<void> {
    if (this.#changed) this.#assess();
    if (this.#supervisor.allReady || performance.now() > followAfterMs) this.#live.begin();
    let assessment = this.#newest;
    if (!this.#ready && (await this.#isReady(assessment))) {
      assessment = this.#assess();
      this.#becomeReady(assessment);
    } else if (this.#ready) {
      this.#showChanges(assessment);
      this.#hint();
    } else this.#sayWaiting(assessment);
    if (!this.#ended && this.#context.terminal.interactive) this.#display.block(this.#blockOf(assessment));
  }

  #assess(): Assessment {
    const begun = performance.now();
    this.#changed = false;
    const { world, boards } = this.#live.state;
    this.#newest = assess(world, standaloneControllers, boards);
    this.#spentMs += performance.now() - begun;
    return this.#newest;
  }

  async #isReady(assessment: Assessment): Promise<boolean> {
    if (!this.#supervisor.allReady || assessment.waitingFor.length > 0) return false;
    if (!(await this.#live.isCurrent())) return this.#settles('the newest events to be read');
    if (!(await this.#isTranslated()) || !(await this.#live.isCurrent())) return false;
    const wanted = this.#assess();
    if (wanted.waitingFor.length > 0) return false;
    const { sockets } = this.#supervisor.settings.layout;
    const listening = await new EnvoyAdmin(socketPaths(sockets).envoyAdmin)
      .listening()
      .catch(() => new Set());
    const missing = [...wanted.gateways, ...wanted.services]
      .filter(({ progress }) => progress === 'in-force')
      .flatMap(({ listeners }) => listeners)
      // One of UDP is bound only while it has a route.
      .filter(({ protocol }) => protocol !== 'UDP')
      .flatMap(({ addresses, bindPort }) => addresses.map((address) => `${address}:${bindPort}`))
      .find((place) => !listening.has(place));
    return missing === undefined || this.#settles(`Envoy to listen on ${missing}`);
  }

  #settles(waitedFor: string): false {
    this.#settling = waitedFor;
    return false;
  }

  /** Every fact that has been read here is in the IR. */
  async #isTranslated(): Promise<boolean> {
    const wanted = this.#live.state.newestFact;
    const { settings, views } = this.#supervisor;
    const translated = await translatedSequence(
      settings.layout.sockets,
      views.map(({ name }) => name),
    );
    if (translated !== undefined && translated >= wanted) return true;
    return this.#settles(`the translator to come to fact ${wanted}; it is at ${translated ?? 'none'}`);
  }

  #becomeReady(assessment: Assessment): void {
    this.#ready = true;
    this.#live.slowDown();
    this.#supervisor.markReady();
    this.#showChanges(assessment);
    this.#display.line(readyLine(assessment, performance.now() / 1_000));
    for (const line of fillNotes(this.#notes, assessment, this.#supervisor.settings.lowPortOffset))
      this.#display.line(line);
    this.#hint();
  }

  /** Says once how the addresses of Services can be had, as soon as one has some. */
  #hint(): void {
    if (this.#hinted || this.#supervisor.settings.request.datapath !== undefined) return;
    const hint = datapathHint(this.#live.state.world.facts.group('Service').values());
    if (hint === undefined) return;
    this.#hinted = true;
    this.#display.line(escapeText(hint));
  }

  #showChanges(assessment: Assessment): void {
    // On a terminal the block below shows it all.
    if (this.#context.terminal.interactive) return;
    const lines = assessmentLines(assessment);
    const of = { nowMs: performance.now(), isInForce: assessment.routes.isInForce };
    for (const line of this.#news.since(lines, of)) this.#display.line(line);
    // What is passing now may have to be told a little later, without another change.
    if ([...lines.values()].some(({ passing }) => passing)) this.#touch();
  }

  #sayWaiting(assessment: Assessment): void {
    if (performance.now() < this.#nextSayMs) return;
    const processes = this.#supervisor.views.filter(({ state }) => state !== 'ready');
    const waiting = [
      ...processes.map(({ name, state, detail }) => `${name} (${detail === '' ? state : detail})`),
      ...assessment.waitingFor,
    ];
    const rest = waiting.length > sayAtMost ? [`and ${waiting.length - sayAtMost} more`] : [];
    const all = waiting.length === 0 ? [this.#settling] : [...waiting.slice(0, sayAtMost), ...rest];
    const text = all.map(escapeText).join('; ');
    if (text !== this.#waitingSaid) this.#display.line(`still waiting for ${text}`);
    this.#waitingSaid = text;
    this.#nextSayMs = performance.now() + sayWaitingAfterMs;
  }

  #blockOf(assessment: Assessment): string[] {
    const { colors } = this.#context.terminal;
    const lowPorts = lowPortLine(this.#supervisor.settings.lowPortOffset);
    const lines = [...assessmentLines(assessment).values()].map(({ text }) => text);
    return [
      '',
      processLine(this.#supervisor.views, (state) => paintStatus(colors, state)),
      ...lines.slice(0, blockAtMost),
      ...(lines.length > blockAtMost ? [`and ${lines.length - blockAtMost} more: sluice status`] : []),
      ...(lowPorts === undefined ? [] : [colors.dim(lowPorts)]),
      colors.dim(this.#ready ? 'Ctrl-C stops' : 'starting'),
    ];
  }
}
