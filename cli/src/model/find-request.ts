import { setTimeout as wait } from 'node:timers/promises';
import { readAccessLog } from './access-log.ts';
import type { RequestRecord } from './access-record.ts';

/** Envoy writes its log within a second of a request's end; until then it may not be there. */
const flushMs = 2_000;
const intervalMs = 250;

/** The records of an id: the newest, and how many more there are. An id names one request unless a trusted proxy gave it. */
export interface FoundRequest {
  readonly record: RequestRecord;
  readonly others: number;
}

/** Looks for a request by its id in the access log; waits up to 2 s for one that has only just ended. */
export async function findRequest(directory: string, id: string): Promise<FoundRequest | undefined> {
  const until = Date.now() + flushMs;
  for (;;) {
    const found = await lookFor(directory, id);
    if (found !== undefined || Date.now() >= until) return found;
    await wait(intervalMs);
  }
}

async function lookFor(directory: string, id: string): Promise<FoundRequest | undefined> {
  let newest: RequestRecord | undefined;
  let count = 0;
  for await (const record of readAccessLog(directory, { containing: id })) {
    if (record.kind !== 'request' || record.request_id !== id) continue;
    newest ??= record;
    count++;
  }
  return newest === undefined ? undefined : { record: newest, others: count - 1 };
}

/** How far the access log goes back: its number of records and the time of the oldest. */
export async function reachOf(directory: string): Promise<{ count: number; oldest: string | undefined }> {
  let count = 0;
  let oldest: string | undefined;
  for await (const { time } of readAccessLog(directory)) {
    oldest = time;
    count++;
  }
  return { count, oldest };
}
