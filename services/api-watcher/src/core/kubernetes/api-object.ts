// What an API server sends, as far as it must be understood before its kind's schema judges it. Kubernetes API
// conventions: ObjectMeta, and the Status that every failure comes with.

/** Any object of an API, as it came. */
export interface ApiObject {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
  readonly metadata: ApiMetadata;
  readonly status?: unknown;
  readonly [field: string]: unknown;
}

/** The part of ObjectMeta that is read without a schema. */
export interface ApiMetadata {
  readonly name: string;
  /** The empty string for objects of the cluster. */
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly [field: string]: unknown;
}

/** Reads a value as an object of an API; undefined where it has no name, uid or resourceVersion. */
export function asApiObject(value: unknown): ApiObject | undefined {
  if (!isRecord(value) || !isRecord(value.metadata)) return undefined;
  const { name, namespace = '', uid, resourceVersion } = value.metadata;
  if (typeof name !== 'string' || name === '' || typeof namespace !== 'string') return undefined;
  if (typeof uid !== 'string' || typeof resourceVersion !== 'string') return undefined;
  return { ...value, metadata: { ...value.metadata, name, namespace, uid, resourceVersion } };
}

/** The parts of metav1.Status that say what to do. */
export interface ApiStatus {
  /** HTTP status. */
  readonly code: number;
  /** As `Expired`; the empty string where none was given. */
  readonly reason: string;
  readonly message: string;
  readonly retryAfterMs: number | undefined;
}

/** Longest message of an API server that is passed on, characters. */
const maxMessage = 500;

/** Reads a metav1.Status, or whatever else came with an HTTP status. Never throws. */
export function asApiStatus(value: unknown, httpStatus: number): ApiStatus {
  const status = isRecord(value) ? value : {};
  const details = isRecord(status.details) ? status.details : {};
  const seconds = details.retryAfterSeconds;
  return {
    code: typeof status.code === 'number' ? status.code : httpStatus,
    reason: typeof status.reason === 'string' ? status.reason : '',
    message: typeof status.message === 'string' ? status.message.slice(0, maxMessage) : '',
    retryAfterMs: typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : undefined,
  };
}

/** Whether a value is a JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
