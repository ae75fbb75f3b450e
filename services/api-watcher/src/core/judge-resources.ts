// Raw Envoy resources in an object that holds to its schema: what is wrong with them by themselves.
import { keyFaults, resourceFaults } from '@sluice/envoy-resources';
import { isEnvoyConfig, type ObjectSource, objectRefOf, type ParsedObject } from '@sluice/kinds';

/**
 * Of a manifest an unknown field is a slip of the pen, as everywhere, and the object is refused. What an API server has taken
 * stands on the log, where a condition speaks of the faulty resource and the others are served. Key material never does.
 */
export function judgeResources(parsed: ParsedObject, source: ObjectSource): ParsedObject {
  if (!parsed.ok || !isEnvoyConfig(parsed.object)) return parsed;
  const faults = source === 'manifest' ? resourceFaults(parsed.object) : keyFaults(parsed.object);
  return faults.length === 0 ? parsed : { ok: false, ref: objectRefOf(parsed.object), faults };
}
