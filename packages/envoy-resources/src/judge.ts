// What of a resource its author may not set. Works on the message as Envoy would get it, so that no way of writing it makes
// a difference.
import type { DescMessage } from '@bufbuild/protobuf';
import { fault, type ObjectFault } from '@sluice/kinds';
import { upstreamBan } from './addresses.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import { packedTypes } from './packed-types.ts';
import { type Ban, fieldBans, keyFields, messageBans, type Permission, unjudged } from './permissions.ts';
import { typePrefix } from './registry.ts';
import { type FieldVisit, type MessageVisit, type Steps, walk } from './walk.ts';

/** A ban that holds, with its place. */
export interface Breach extends ObjectFault {
  /** What an operator would have to allow; undefined: nothing helps. */
  readonly needs: Permission | undefined;
}

/** The breaches of a message; `allowed` is what an operator has allowed its author. */
export function breachesOf(desc: DescMessage, value: JsonObject, allowed: ReadonlySet<Permission>): Breach[] {
  const found: Breach[] = [];
  const report = (steps: Steps, ban: Ban | undefined): void => {
    if (ban === undefined || (ban.needs !== undefined && allowed.has(ban.needs))) return;
    const hint = ban.needs === undefined ? ban.hint : join(ban.hint, `an operator can allow ${ban.needs}`);
    found.push({ ...fault(steps, ban.message, hint), needs: ban.needs });
  };
  walk(desc, value, {
    message: (visit) =>
      report(
        visit.type === 'envoy.config.cluster.v3.Cluster' ? [...visit.steps, 'type'] : visit.steps,
        messageBan(visit),
      ),
    field: (visit) => {
      report(visit.steps, fieldBan(visit));
      return ownAddresses.has(visit.id) ? visit.value : undefined;
    },
    text: (text, steps) => report(steps, textBan(text)),
  });
  return found;
}

/** Fields whose addresses are bound, not sent to: the ban on the field says it all. */
const ownAddresses: ReadonlySet<string> = new Set([
  'envoy.config.listener.v3.Listener.address',
  'envoy.config.listener.v3.Listener.additional_addresses',
  'envoy.config.cluster.v3.Cluster.upstream_bind_config',
]);

function join(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('; or ');
}

function messageBan({ type, packed, value }: MessageVisit): Ban | undefined {
  const ban = messageBans.get(type);
  if (ban !== undefined) return ban;
  if (packed && type.startsWith('google.protobuf.')) return messageBans.get('xds.type.v3.TypedStruct');
  if (type.startsWith('xds.core.v3.') && type !== 'xds.core.v3.TypedExtensionConfig')
    return { message: 'names resources of other servers', hint: 'use names of this object' };
  if (packed && !packedTypes.has(type)) return unjudged;
  return upstreamBan(type, value);
}

/** The one type of cluster beside Envoy's own that sends nowhere but to clusters of the object. */
function isAggregate(id: string, value: Json): boolean {
  if (id !== 'envoy.config.cluster.v3.Cluster.cluster_type' || !isObject(value)) return false;
  const config = value.typed_config;
  return (
    isObject(config) &&
    config['@type'] === `${typePrefix}envoy.extensions.clusters.aggregate.v3.ClusterConfig`
  );
}

function fieldBan({ id, value, parent }: FieldVisit): Ban | undefined {
  if (isAggregate(id, value)) return undefined;
  const ban = keyFields.get(id) ?? fieldBans.get(id);
  if (ban !== undefined) return isSet(id, value) ? ban : undefined;
  return filterStateBan(id, value, parent);
}

function isSet(id: string, value: Json): boolean {
  if (id.endsWith('.bind_to_port')) return value === false;
  return value !== false && value !== '' && !(Array.isArray(value) && value.length === 0);
}

/** Objects of Envoy's own in the state of a request choose clusters and addresses: only plain text, under other names, is let in. */
function filterStateBan(id: string, value: Json, parent: JsonObject): Ban | undefined {
  const state = 'envoy.extensions.filters.common.set_filter_state.v3.FilterStateValue.';
  const hint = 'use another object_key, with factory_key envoy.string';
  const ban: Ban = { message: "sets state that steers Envoy's own filters", hint };
  if (id === `${state}object_key`)
    return typeof value === 'string' && /^(envoy|sluice)\./.test(value) ? ban : undefined;
  if (id === `${state}factory_key`) return value === 'envoy.string' ? undefined : ban;
  if (id === `${state}format_string`) return parent.factory_key === 'envoy.string' ? undefined : ban;
  return undefined;
}

/** Commands of Envoy's formats that give away what belongs to the machine. */
const hostCommands = /\b(ENVIRONMENT|FILE_CONTENT|SECRET)\b/;

/** Text with a command of a format, also one that is written with the escapes of JSON. */
function textBan(text: string): Ban | undefined {
  if (!text.includes('%')) return undefined;
  const plain = text.replace(/\\u([0-9a-fA-F]{4})/g, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  if (!hostCommands.test(plain)) return undefined;
  return {
    needs: 'host-files',
    message: "would show what belongs to Envoy's machine",
    hint: 'remove the command',
  };
}
