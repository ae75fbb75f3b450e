// A scope on the wire differs from the scope as it is kept, in two names.
//
// Its own: for each response Envoy 1.40 copies the names of all scopes that it has. A name of up to 22 bytes stands inside
// its string object (libc++'s short strings); a longer one is memory of its own, which at 10,000 scopes makes each change
// three times as dear. So a longer name goes out as a hash.
//
// That of its route configuration: Envoy notes the good scopes of a response that it refuses without putting them in force;
// the same bytes sent again are then "unchanged" to it: acknowledged, and never in force. So no two sendings of a scope are
// alike: each carries a mark in that name, which nothing else reads.
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { RouteConfigurationSchema } from '@sluice/envoy-api/envoy/config/route/v3/route_pb.js';
import { ScopedRouteConfigurationSchema } from '@sluice/envoy-api/envoy/config/route/v3/scoped_route_pb.js';
import { hashOfText } from '@sluice/ir';
import type { XdsResource } from './xds-resource.ts';

/** Bytes that fit into a string object of libc++ on a 64-bit machine. */
const maxNameBytes = 22;
/** Bytes of a hash of which its base64 is at least as long: a multiple of three. */
const hashBytes = 18;

/** The name under which an Envoy has a scope: its own where it is short (and of ASCII), else 132 bits of its SHA-256. */
export function wireName(scope: string): string {
  if (scope.length <= maxNameBytes && /^[\x20-\x7e]*$/.test(scope)) return scope;
  const digits = hashOfText(scope);
  const bytes = Array.from({ length: hashBytes }, (_, at) =>
    Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16),
  );
  const hash = btoa(String.fromCharCode(...bytes));
  return hash.slice(0, maxNameBytes).replaceAll('+', '-').replaceAll('/', '_');
}

/** What an Envoy says in wire names, in our own; a name that is none of `scopes` stays as it is. */
export function ownNames(
  held: ReadonlyMap<string, string>,
  scopes: Iterable<string>,
): ReadonlyMap<string, string> {
  if (held.size === 0) return held;
  const own = new Map<string, string>();
  for (const scope of scopes) own.set(wireName(scope), scope);
  return new Map([...held].map(([name, version]) => [own.get(name) ?? name, version]));
}

/**
 * The scope as it is sent, under its own version. `mark` is new for each sending. Both names are put behind: in protobuf a
 * message that comes twice is merged, and the last value of a field holds.
 */
export function sentScope(resource: XdsResource, mark: string): XdsResource {
  const name = wireName(resource.name);
  const behind = namesBehind(name, `${resource.name}#${mark}`);
  const body = new Uint8Array(resource.body.length + behind.length);
  body.set(resource.body);
  body.set(behind, resource.body.length);
  const { kind, version, uses, sources } = resource;
  return { kind, name, version, body, uses, sources };
}

const scopeFields = ScopedRouteConfigurationSchema.field;
const nameOfTable = RouteConfigurationSchema.field.name.number;
/** One for all: a start sends thousands of scopes, and a writer of its own has memory of its own. */
const writer = new BinaryWriter();

/** The bytes of a scope of this name whose route configuration has that one. */
function namesBehind(scope: string, table: string): Uint8Array {
  writer.tag(scopeFields.name.number, WireType.LengthDelimited).string(scope);
  writer.tag(scopeFields.routeConfiguration.number, WireType.LengthDelimited).fork();
  writer.tag(nameOfTable, WireType.LengthDelimited).string(table).join();
  return writer.finish();
}
