// A stream's definition ↔ its JetStream settings.
import type { StreamConfig } from '@nats-io/jetstream';
import { controlSubject } from '../model/control.ts';
import { LogError, type StreamDefinition } from '../port.ts';

/**
 * How long the server remembers message ids, nanoseconds. It covers an immediate second send; whatever is older is
 * told apart by the lease, which is renewed after any unclear outcome.
 */
const duplicateWindowNs = 120_000_000_000;

const transactionalKey = 'sluice-transactional';

/** The settings that a stream must have. Purging is allowed, since the head is purged up to a checkpoint; deleting is not. */
export function streamConfig(
  definition: StreamDefinition,
  replicas: number,
): Partial<StreamConfig> & { name: string } {
  return {
    name: definition.name,
    subjects: [...definition.subjects, controlSubject.all(definition.name)],
    retention: 'limits',
    storage: 'file',
    discard: 'new',
    max_msgs: -1,
    max_bytes: -1,
    max_age: 0,
    max_msg_size: -1,
    max_msgs_per_subject: definition.keepPerSubject ?? -1,
    duplicate_window: duplicateWindowNs,
    num_replicas: replicas,
    deny_delete: true,
    deny_purge: false,
    allow_rollup_hdrs: false,
    allow_atomic: true,
    metadata: { [transactionalKey]: String(definition.transactional) },
  };
}

/** The definition that a stream was made from. */
export function definitionOf(config: StreamConfig): StreamDefinition {
  const { name, max_msgs_per_subject: keepPerSubject } = config;
  return {
    name,
    subjects: config.subjects.filter((subject) => subject !== controlSubject.all(name)),
    transactional: config.metadata?.[transactionalKey] === 'true',
    ...(keepPerSubject > 0 ? { keepPerSubject } : {}),
  };
}

/** @throws LogError `stream-mismatch` naming the first setting that differs */
export function assertSameConfig(definition: StreamDefinition, actual: StreamConfig, replicas: number): void {
  const { metadata, ...wanted } = streamConfig(definition, replicas);
  for (const [field, value] of Object.entries(wanted)) {
    assertSame(definition.name, { field, wanted: value, actual: actual[field as keyof StreamConfig] });
  }
  const transactional = {
    field: transactionalKey,
    wanted: metadata?.[transactionalKey],
    actual: actual.metadata?.[transactionalKey],
  };
  assertSame(definition.name, transactional);
  for (const field of [
    'mirror',
    'sources',
    'subject_transform',
    'republish',
    'sealed',
    'allow_msg_ttl',
    'no_ack',
  ] as const) {
    if (actual[field]) assertSame(definition.name, { field, wanted: undefined, actual: actual[field] });
  }
}

function assertSame(stream: string, of: { field: string; wanted: unknown; actual: unknown }): void {
  const text = (value: unknown): string =>
    JSON.stringify(Array.isArray(value) ? value.toSorted() : value) ?? 'unset';
  if (text(of.wanted) === text(of.actual)) return;
  throw new LogError(
    'stream-mismatch',
    `stream ${stream} has ${of.field} ${text(of.actual)}, not ${text(of.wanted)}`,
    {
      hint: 'Another program made or changed this stream. Use a NATS account of its own, or put the setting back.',
    },
  );
}
