export { crossCheck, type DeadEnd, listedServices } from './cross-check.ts';
export type { JsonObject } from './json.ts';
export { type Permission, permissionNames, permissions } from './permissions.ts';
export {
  allowAnnotation,
  allowedFor,
  type ConfigReading,
  keyFaults,
  looseFaults,
  type ReadResource,
  readEnvoyConfig,
  resourceFaults,
  type SetAside,
  scopeOf,
  secretKey,
} from './read-config.ts';
export { type ResourceKind, resourceTypes } from './resource-types.ts';
export type { Reference } from './scope.ts';
