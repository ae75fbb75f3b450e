import { closeSync, openSync, writeSync } from 'node:fs';
import { exportLog } from '@sluice/event-log';
import type { CommandContext, ExitCode } from '../command.ts';
import { openConnection } from '../connection.ts';
import { escapeJson } from '../output/escape.ts';

/** SECRETS stays out: an export is handed on. */
const exported = ['FACTS', 'IR', 'ACKS', 'STATUS'] as const;

/** Writes the retained log, one JSON document a line. */
export async function runLogExport(
  { config, terminal }: CommandContext,
  options: { readonly file: string; readonly dataDir: string | undefined },
): Promise<ExitCode> {
  await using connection = await openConnection(config, options.dataDir);
  const file = options.file === '-' ? undefined : openSync(options.file, 'w', 0o600);
  try {
    for (const stream of exported)
      for await (const line of exportLog(connection.log, stream)) {
        if (file === undefined) terminal.out(escapeJson(line));
        else writeSync(file, `${line}\n`);
      }
  } finally {
    if (file !== undefined) closeSync(file);
  }
  return 0;
}
