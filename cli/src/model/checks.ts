// Checks of `sluice status` that need nothing but the log. In: the folded log; out: one line each with cause and next
// command.

import type { VerifyReport } from '@sluice/event-log';
import { compareRevisions, type Fault, formatRevision } from '@sluice/events';
import { formatObjectRef } from '@sluice/ir';
import { type Assessment, assess } from './assessment.ts';
import type { World } from './world.ts';

/** One line of `sluice status`. */
export interface Check {
  /** Stable, for scripts: `gateway/default/my-gateway`. */
  readonly id: string;
  readonly state: 'ok' | 'warn' | 'fail';
  /** What was found, in words. */
  readonly cause: string;
  /** The command that shows more or mends it; the empty string where nothing is to be done. */
  readonly next: string;
}

/** Makes a check that holds. */
export function ok(id: string, cause: string): Check {
  return { id, state: 'ok', cause, next: '' };
}

/** What checks know beside the world. */
export interface CheckContext {
  readonly controllerNames: readonly string[];
  /** How the user types the path of a file of facts. Default: as facts name it. */
  readonly typed?: (file: string) => string;
}

/** All checks of a world. */
export function worldChecks(
  world: World,
  { controllerNames, typed = (file) => file }: CheckContext,
): Check[] {
  const assessment = assess(world, controllerNames);
  return [
    envoyCheck(world),
    ...gatewayChecks(assessment),
    ...routeChecks(assessment),
    ...refusalChecks(assessment, typed),
    ...rejectionChecks(world),
    ...certificateChecks(world),
    syncCheck(world),
    judgementCheck(world),
  ];
}

function envoyCheck(world: World): Check {
  const { committed } = world;
  const envoys = [...world.envoys.values()].filter(({ state }) => state !== 'disconnected');
  if (committed === undefined) return ok('envoys', `${envoys.length} connected; there is no revision yet`);
  const next = 'sluice log --stream ACKS --since 10m';
  if (envoys.length === 0) return { id: 'envoys', state: 'fail', cause: 'no Envoy is connected', next };
  const behind = envoys.filter(
    ({ state, acked }) =>
      state === 'silent' || acked === null || compareRevisions(acked, committed.revision) < 0,
  );
  const newest = formatRevision(committed.revision);
  if (behind.length === 0) return ok('envoys', `${envoys.length} connected, all at revision ${newest}`);
  const list = behind.map(
    ({ node, state, acked }) =>
      `${node} ${state === 'silent' ? 'is silent' : 'is'} at ${acked === null ? 'none' : formatRevision(acked)}`,
  );
  return {
    id: 'envoys',
    state: 'warn',
    cause: `revision ${newest} is not acknowledged by all: ${list.join(', ')}`,
    next,
  };
}

function gatewayChecks({ gateways, services }: Assessment): Check[] {
  return [...gateways, ...services].map(({ ref, progress, message, addresses }) => {
    const kind = ref.kind.toLowerCase();
    const id = ref.namespace === '' ? `${kind}/${ref.name}` : `${kind}/${ref.namespace}/${ref.name}`;
    const next = `sluice get ${kind} ${ref.name}${ref.namespace === '' ? '' : ` -n ${ref.namespace}`} -o yaml`;
    if (progress === 'in-force' && message === '') return ok(id, `programmed at ${addresses.join(', ')}`);
    return { id, state: progress === 'faulty' ? 'fail' : 'warn', cause: message, next };
  });
}

function routeChecks({ routes }: Assessment): Check[] {
  const { troubled, inForce } = routes;
  if (troubled.length === 0) return [ok('routes', `${inForce} in force`)];
  return troubled.map(({ ref, progress, message }) => ({
    id: `route/${ref.namespace}/${ref.name}`,
    state: progress === 'faulty' ? 'fail' : 'warn',
    cause: message,
    next: `sluice get ${ref.kind.toLowerCase()} ${ref.name} -n ${ref.namespace} -o yaml`,
  }));
}

function refusalChecks({ refusals }: Assessment, typed: (file: string) => string): Check[] {
  if (refusals.length === 0) return [ok('manifests', 'every document was taken')];
  return refusals.map(({ what, faults }) => ({
    id: `refused/${what}`,
    state: 'fail',
    cause: refusalCause(faults, typed),
    next: `sluice validate ${typed(faults[0]?.origin.file ?? '')}`.trim(),
  }));
}

/** The first fault with its place and mend, and how many more there are. */
function refusalCause(faults: readonly Fault[], typed: (file: string) => string): string {
  const [first, ...more] = faults;
  if (first === undefined) return 'refused';
  const { origin, path, message, hint } = first;
  const parts = [
    `${typed(origin.file)}:${origin.line}:${origin.column}: ${path === '' ? '' : `${path}: `}${message}`,
  ];
  if (hint !== '') parts.push(`; mend: ${hint}`);
  if (more.length > 0) parts.push(` (and ${more.length} more)`);
  return parts.join('');
}

function rejectionChecks(world: World): Check[] {
  const rejected = [...world.facts.values()].flatMap((fact) =>
    fact.type === 'ResourceRejected' ? [fact] : [],
  );
  if (rejected.length === 0) return [ok('rejections', 'no Envoy refuses a resource')];
  return rejected.map(({ node, resource, sources, message }) => ({
    id: `rejected/${node}/${resource}`,
    state: 'fail',
    cause: `${sources.map(formatObjectRef).join(', ') || resource}: ${message}`,
    next: 'sluice log --type ResourceRejected',
  }));
}

function certificateChecks(world: World): Check[] {
  const certificates = [...world.facts.values()].flatMap((fact) =>
    fact.type === 'CertificateObserved' ? [fact] : [],
  );
  const bad = certificates.filter(({ expired, fault }) => expired || fault !== '');
  if (bad.length === 0)
    return certificates.length === 0 ? [] : [ok('certificates', `${certificates.length} can be served`)];
  return bad.map(({ ref, notAfter, fault }) => ({
    id: `certificate/${ref.namespace}/${ref.name}`,
    state: 'fail',
    cause: fault === '' ? `expired at ${notAfter}` : fault,
    next: `sluice get secret ${ref.name} -n ${ref.namespace}`,
  }));
}

function syncCheck(world: World): Check {
  const kinds = [...world.facts.values()].flatMap((fact) => (fact.type === 'KindSynced' ? [fact] : []));
  const missing = kinds.filter(({ state }) => state === 'unavailable');
  if (kinds.length === 0)
    return { id: 'sources', state: 'fail', cause: 'nothing has been read yet', next: 'sluice log' };
  if (missing.length === 0) return ok('sources', `${kinds.length} kinds are read`);
  const cause = missing.map(({ kind, reason }) => `${kind}: ${reason}`).join('; ');
  return { id: 'sources', state: 'warn', cause, next: 'sluice log --type KindSynced' };
}

/** Events that a service judged as undecodable when it met them, and those that this command cannot decode. */
function judgementCheck(world: World): Check {
  const judged = [...world.facts.values()].flatMap((fact) => (fact.type === 'EventJudged' ? [fact] : []));
  const all = new Map(
    [...judged, ...world.undecodable].map((event) => [`${event.stream} ${event.seq}`, event]),
  );
  const [first] = all.values();
  if (first === undefined) return ok('events', 'every event can be decoded');
  const cause = `${all.size} cannot be decoded and were passed over, the first is ${first.stream} ${first.seq} (${first.subject}): ${first.error}`;
  return {
    id: 'events',
    state: 'warn',
    cause,
    next: `sluice log --stream ${first.stream} --from-seq ${first.seq} -o json`,
  };
}

/** How far the translator is behind the facts. @param translated undefined where no translator tells. */
export function lagCheck(world: World, translated: number | undefined): Check {
  const newest = world.position.get('FACTS') ?? 0;
  const next = 'sluice log --since 10m';
  if (translated === undefined)
    return { id: 'translator/lag', state: 'fail', cause: 'no translator tells', next };
  if (translated >= newest) return ok('translator/lag', `every fact is translated, up to ${translated}`);
  return {
    id: 'translator/lag',
    state: 'warn',
    cause: `it has come to fact ${translated} of ${newest}`,
    next,
  };
}

/** What is said of a stream, or of what is folded from several, that cannot be read. */
export function unreadableCheck(id: string, error: unknown): Check {
  const cause = error instanceof Error ? error.message : String(error);
  return { id, state: 'fail', cause: `cannot be read: ${cause}`, next: 'sluice replay --verify' };
}

/** The integrity of one stream. */
export function integrityCheck({ stream, events, damage, healed, checkpoints }: VerifyReport): Check {
  const id = `log/${stream}`;
  const bad = checkpoints.filter((checkpoint) => !checkpoint.ok);
  if (damage.length === 0 && bad.length === 0)
    return ok(
      id,
      `${events} events, chains whole${healed.length === 0 ? '' : `, ${healed.length} damages healed`}`,
    );
  const cause = [
    ...damage.map(({ from, to, message }) => `${from}–${to}: ${message}`),
    ...bad.map(({ seq }) => `checkpoint ${seq} does not fit its hash`),
  ].join('; ');
  return { id, state: 'fail', cause, next: 'sluice replay --verify' };
}
