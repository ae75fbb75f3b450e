import type { EventLog, LogEvent } from '@sluice/event-log';
import type { StreamName } from '@sluice/events';
import type { CommandContext, ExitCode } from '../command.ts';
import { openConnection } from '../connection.ts';
import { describeEvent, type EventFilter, matches, toRecord } from '../model/event-record.ts';
import { kindOfWord } from '../model/objects.ts';
import { escapeText, toJson } from '../output/escape.ts';
import { UserError } from '../standalone/settings.ts';
import { type LogOptions, streamNames } from './log-options.ts';

/** Prints the events that are asked for; with `follow`, until Ctrl-C. */
export async function runLog(context: CommandContext, options: LogOptions): Promise<ExitCode> {
  const names = options.stream.map(checkStream);
  const filter = filterOf(options);
  await using connection = await openConnection(context.config, options.dataDir);
  const print = printer(context, options.output);
  const toSeq: number[] = [];
  for (const stream of names) toSeq.push((await connection.log.info(stream)).lastSeq);
  for (const [i, stream] of names.entries()) {
    const range = { ...rangeOf(options), toSeq: toSeq[i] ?? 0 };
    for await (const event of connection.log.read(stream, range))
      if (matches(stream, event, filter)) print(stream, event);
  }
  if (options.follow !== true) return 0;
  const stop = stopOnInterrupt();
  await Promise.all(
    names.map((stream, i) =>
      followFrom(connection.log, {
        stream,
        after: toSeq[i] ?? 0,
        signal: stop,
        seen: (event) => matches(stream, event, filter) && print(stream, event),
      }),
    ),
  );
  return 0;
}

function checkStream(name: string): StreamName {
  const known = streamNames.find((stream) => stream === name.toUpperCase());
  if (known === undefined)
    throw new UserError(`there is no stream ${name}`, `one of ${streamNames.join(', ')}`);
  return known;
}

function filterOf(options: LogOptions): EventFilter {
  const { kind, namespace, name, type } = options;
  return {
    ...(kind === undefined ? {} : { kind: kindOfWord(kind) ?? kind }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(type === undefined ? {} : { types: type }),
  };
}

function rangeOf({ since, until, fromSeq }: LogOptions) {
  return {
    ...(since === undefined ? {} : { fromTimeMs: since }),
    ...(until === undefined ? {} : { toTimeMs: until }),
    ...(fromSeq === undefined ? {} : { fromSeq }),
  };
}

function printer(
  { terminal }: CommandContext,
  output: LogOptions['output'],
): (stream: StreamName, event: LogEvent) => void {
  const { colors } = terminal;
  return (stream, event) => {
    if (output === 'json') return terminal.out(toJson(toRecord(stream, event), 0));
    const time = new Date(event.timeMs).toISOString();
    const what = escapeText(describeEvent(stream, event));
    terminal.out(
      `${colors.dim(time)} ${stream.padEnd(6)} ${`${event.seq}`.padStart(6)}  ${event.type.padEnd(20)} ${what}`,
    );
  };
}

function stopOnInterrupt(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}

/** New events after a sequence. The log's `follow` yields a folded state first; what it holds of old events is left out. */
async function followFrom(
  log: EventLog,
  of: {
    readonly stream: StreamName;
    readonly after: number;
    readonly signal: AbortSignal;
    readonly seen: (event: LogEvent) => void;
  },
): Promise<void> {
  let last = of.after;
  for await (const item of log.follow(of.stream, { signal: of.signal })) {
    if (item.kind === 'damage') continue;
    // The events of one sequence come in one item.
    const news = item.events.filter((event) => event.seq > last);
    for (const event of news) of.seen(event);
    last = news.at(-1)?.seq ?? last;
  }
}
