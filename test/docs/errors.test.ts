import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { LogErrorCode } from '@sluice/event-log';
import { type ErrorDoc, errorCodes } from '@sluice/service-kit';
import { expect, it } from 'vitest';

/** Codes of the event log, which imports nothing of ours; the type makes this list complete. */
const logErrorCodes: Readonly<Record<LogErrorCode, ErrorDoc>> = {
  'before-retained-history': {
    meaning: 'A moment was asked for that lies before the oldest checkpoint of the event log.',
    mend: 'Ask for a later one; the message names the oldest that is kept.',
  },
  closed: {
    meaning: 'The connection to the event log was closed by its owner.',
    mend: 'Nothing: it shows while a process ends. At any other time it is a bug; please report it.',
  },
  connection: {
    meaning: 'NATS cannot be reached or does not let this service in.',
    mend: 'Check that NATS runs, that the address is right, and that the seed file belongs to this service.',
  },
  damaged: {
    meaning: 'The event log lost or changed what was written to it, so it cannot say what was asked.',
    mend: 'The owner of the source starts a new epoch and reads the source again by itself; look at the disk that holds the log.',
  },
  fenced: {
    meaning: 'A newer process has taken over what this one was writing.',
    mend: 'Nothing: the process ends and starts again as standby. If it keeps happening, two replicas share one name.',
  },
  'server-too-old': {
    meaning: 'The NATS server is older than the platform needs.',
    mend: 'Update nats-server to the version in the message, or newer.',
  },
  'server-unsafe': {
    meaning: 'The NATS server may lose what it has confirmed: it does not write to disk before it answers.',
    mend: 'Set `sync_interval: always` in the `jetstream` section of its configuration.',
  },
  'stream-mismatch': {
    meaning: 'A stream of the event log exists with other settings than the platform needs.',
    mend: 'Give the platform a NATS account of its own, or remove the foreign stream.',
  },
  'too-large': {
    meaning: 'An event is larger than the server takes.',
    mend: 'Make the object that the message names smaller, or raise `max_payload` of NATS.',
  },
};

function render(): string {
  const docs = Object.entries<ErrorDoc>({ ...errorCodes, ...logErrorCodes }).sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  const sections = docs.map(([code, doc]) => `## ${code}\n${doc.meaning}\n\n${doc.mend}\n`);
  const head =
    '# Error codes\nEvery operational error carries one of these codes. A stack trace without a code is a bug: please report it.\n';
  return [head, ...sections].join('\n');
}

it('docs/errors.md lists every code with its meaning and its mend', () => {
  const file = new URL('../../docs/errors.md', import.meta.url);
  const wanted = render();
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, wanted);
  expect(existsSync(file) ? readFileSync(file, 'utf8') : '').toBe(wanted);
});

it('no code stands in both lists', () => {
  expect(Object.keys(errorCodes).filter((code) => code in logErrorCodes)).toEqual([]);
});
