// Envoy's types by their names. They are loaded when the first raw resource is read: that takes hundreds of milliseconds
// and tens of megabytes, which a process without any need not spend.
import { createRequire } from 'node:module';
import type { DescMessage, Registry } from '@bufbuild/protobuf';

const load = createRequire(import.meta.url);
let loaded: Registry | undefined;

/** Every type that is known: those of the proto set that the generated code comes from. */
export function envoyTypes(): Registry {
  loaded ??= (load('@sluice/envoy-api/registry') as { readonly registry: Registry }).registry;
  return loaded;
}

/** What stands before the name of a type in `@type`. */
export const typePrefix = 'type.googleapis.com/';

/** The type that `@type` names; undefined for an unknown one, and for one with another prefix. */
export function typeOf(typeUrl: unknown): DescMessage | undefined {
  if (typeof typeUrl !== 'string' || !typeUrl.startsWith(typePrefix)) return undefined;
  return envoyTypes().getMessage(typeUrl.slice(typePrefix.length));
}
