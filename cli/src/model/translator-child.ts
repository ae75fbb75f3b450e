// Runs the translator of another checkout in a process of its own: nothing of that checkout is loaded beside ours. In:
// facts and acknowledgements as bytes of the log; out: what that version makes of them, as plain data.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { TranslatorJob, TranslatorResult } from './other-translator.ts';

type Decoded =
  | { readonly ok: true; readonly event: unknown }
  | { readonly ok: false; readonly error: string };

/** What is used of the other checkout. It may be of any version, so nothing of it is believed beyond this. */
interface OtherEvents {
  readonly decodeEvent: (stream: string, data: Uint8Array) => Decoded;
}
interface OtherKinds {
  readonly kinds: readonly { readonly group: string; readonly kind: string }[];
}
interface OtherCore {
  readonly translateFromScratch: (
    facts: readonly { readonly subject: string; readonly fact: unknown }[],
    options: Readonly<Record<string, unknown>>,
  ) => {
    readonly ready: boolean;
    readonly ir: ReadonlyMap<string, unknown>;
    readonly status: ReadonlyMap<string, unknown>;
    readonly stateHash: string;
  };
}

async function load(root: string, file: string): Promise<unknown> {
  return await import(pathToFileURL(join(root, file)).href);
}

async function translate(job: TranslatorJob): Promise<TranslatorResult> {
  const events = (await load(job.root, 'packages/events/src/index.ts')) as OtherEvents;
  const core = (await load(job.root, 'services/translator/src/core/index.ts')) as OtherCore;
  const undecodable: { subject: string; error: string }[] = [];
  const decode = (stream: string, data: string, subject: string): unknown[] => {
    const decoded = events.decodeEvent(stream, new TextEncoder().encode(data));
    if (decoded.ok) return [decoded.event];
    undecodable.push({ subject, error: decoded.error });
    return [];
  };
  const facts = job.facts.flatMap(({ subject, data }) =>
    decode('FACTS', data, subject).map((fact) => ({ subject, fact })),
  );
  const { kinds } = (await load(job.root, 'packages/kinds/src/index.ts')) as OtherKinds;
  const unlisted = kinds
    .map(({ group, kind }) => ({ group, kind }))
    .filter(({ group, kind }) => !job.listedKinds.includes(`${group}/${kind}`));
  for (const kind of unlisted)
    facts.push({
      subject: `sync ${kind.group}/${kind.kind}`,
      fact: { type: 'KindSynced', ...kind, state: 'synced', reason: '' },
    });
  const acks = job.acks.flatMap((data) => decode('ACKS', data, 'ack'));
  const { controllerNames, revision } = job;
  const made = core.translateFromScratch(facts, { controllerNames, revision, acks });
  return {
    type: 'translated',
    ready: made.ready,
    ir: [...made.ir.values()],
    statuses: [...made.status.values()],
    stateHash: made.stateHash,
    undecodable,
    unlistedKinds: unlisted.map(({ kind }) => kind),
  };
}

process.once('message', (job: TranslatorJob) => {
  void translate(job)
    .catch(
      (error: unknown): TranslatorResult => ({
        type: 'failed',
        message: error instanceof Error ? error.message : String(error),
      }),
    )
    .then((result) => process.send?.(result, () => process.disconnect()));
});
