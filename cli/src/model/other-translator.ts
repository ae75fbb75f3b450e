// The translator of another checkout, run in a child process. In: a snapshot; out: the same facts as that version
// translates them.
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { encodeEvent, type Revision } from '@sluice/events';
import { z } from 'zod';
import { UserError } from '../standalone/settings.ts';
import { installRoot } from '../standalone/toolchain.ts';
import type { Snapshot, Translation } from './snapshot.ts';

const child = join(installRoot, 'cli/src/model/translator-child.ts');
/** The end of what a child that failed has written, bytes. */
const maxErrorLength = 2_000;

/** What the child is given. */
export interface TranslatorJob {
  /** Absolute path of the checkout. */
  readonly root: string;
  readonly facts: readonly { readonly subject: string; readonly data: string }[];
  readonly acks: readonly string[];
  /** `<group>/<kind>` of each kind that had its first list. */
  readonly listedKinds: readonly string[];
  readonly controllerNames: readonly string[];
  readonly revision: Revision;
}

const resultSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('translated'),
    ready: z.boolean(),
    ir: z.array(z.looseObject({ kind: z.string(), key: z.string() })),
    statuses: z.array(
      z.object({
        ref: z.object({
          group: z.string(),
          kind: z.string(),
          namespace: z.string(),
          name: z.string(),
        }),
        uid: z.string(),
        status: z.record(z.string(), z.unknown()),
      }),
    ),
    stateHash: z.string(),
    undecodable: z.array(z.object({ subject: z.string(), error: z.string() })),
    /** Kinds that only that version reads. */
    unlistedKinds: z.array(z.string()),
  }),
  z.object({ type: z.literal('failed'), message: z.string() }),
]);

/** What the child answers, before it is checked. */
export type TranslatorResult =
  | {
      readonly type: 'translated';
      readonly ready: boolean;
      readonly ir: readonly unknown[];
      readonly statuses: readonly unknown[];
      readonly stateHash: string;
      readonly undecodable: readonly { readonly subject: string; readonly error: string }[];
      readonly unlistedKinds: readonly string[];
    }
  | { readonly type: 'failed'; readonly message: string };

/** What another version makes of facts. Its resources may be of kinds and forms that this version does not know. */
export type Translated = Extract<z.infer<typeof resultSchema>, { type: 'translated' }>;

/**
 * Translates the facts of a snapshot with the translator of a checkout. Its code runs with the rights of this user, save
 * that it may write no file and start no process.
 * @throws UserError where it cannot be run, or does not answer as a translator does
 */
export async function translateElsewhere(of: {
  readonly root: string;
  readonly snapshot: Snapshot;
  readonly translation: Translation;
}): Promise<Translated> {
  const { snapshot, translation } = of;
  const decoder = new TextDecoder();
  const job: TranslatorJob = {
    root: of.root,
    facts: [...snapshot.world.facts].map(([subject, fact]) => ({
      subject,
      data: decoder.decode(encodeEvent(fact, subject).data),
    })),
    acks: translation.acks.map((ack) => decoder.decode(encodeEvent(ack).data)),
    listedKinds: [...snapshot.world.facts.values()].flatMap((fact) =>
      fact.type === 'KindSynced' ? [`${fact.group}/${fact.kind}`] : [],
    ),
    controllerNames: translation.controllerNames,
    revision: snapshot.revision ?? { epoch: 0, seq: 0 },
  };
  const answer = await ask(job);
  const parsed = resultSchema.safeParse(answer);
  if (!parsed.success) throw refused(of.root, 'it answers in a form that this version does not know');
  if (parsed.data.type === 'failed') throw refused(of.root, parsed.data.message);
  return parsed.data;
}

function refused(root: string, why: string): UserError {
  return new UserError(
    `the translator of ${root} cannot be run: ${why}`,
    'check that it is a checkout of Sluice and that its libraries are installed (`npm start` there once)',
  );
}

function ask(job: TranslatorJob): Promise<unknown> {
  const process = fork(child, [], {
    execArgv: ['--permission', '--allow-fs-read=*'],
    env: {},
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let errors = '';
  process.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString('utf8')).slice(-maxErrorLength);
  });
  return new Promise((resolve, reject) => {
    let answer: unknown;
    process.once('message', (message) => {
      answer = message;
    });
    process.once('error', reject);
    process.once('exit', (code) => {
      if (answer !== undefined) resolve(answer);
      else reject(refused(job.root, `it ended with ${code ?? 'a signal'}. ${errors.trim()}`));
    });
    process.send(job, (error) => {
      if (error !== null) reject(error);
    });
  });
}
