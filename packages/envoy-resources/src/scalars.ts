// Scalars of the JSON form of protobuf (protobuf.dev, "ProtoJSON format"): whether a value is one, in words.
import { type DescEnum, ScalarType } from '@bufbuild/protobuf';
import { closest } from '@sluice/kinds';

/** What is wrong with a value; undefined where nothing is. */
export type Complaint = { readonly message: string; readonly hint: string } | undefined;

const integers: Readonly<Partial<Record<ScalarType, readonly [bigint, bigint]>>> = {
  [ScalarType.INT32]: [-(2n ** 31n), 2n ** 31n - 1n],
  [ScalarType.SINT32]: [-(2n ** 31n), 2n ** 31n - 1n],
  [ScalarType.SFIXED32]: [-(2n ** 31n), 2n ** 31n - 1n],
  [ScalarType.UINT32]: [0n, 2n ** 32n - 1n],
  [ScalarType.FIXED32]: [0n, 2n ** 32n - 1n],
  [ScalarType.INT64]: [-(2n ** 63n), 2n ** 63n - 1n],
  [ScalarType.SINT64]: [-(2n ** 63n), 2n ** 63n - 1n],
  [ScalarType.SFIXED64]: [-(2n ** 63n), 2n ** 63n - 1n],
  [ScalarType.UINT64]: [0n, 2n ** 64n - 1n],
  [ScalarType.FIXED64]: [0n, 2n ** 64n - 1n],
};

function must(what: string, hint = ''): Complaint {
  return { message: `must be ${what}`, hint };
}

/** Judges a scalar. */
export function scalarComplaint(type: ScalarType, value: unknown): Complaint {
  switch (type) {
    case ScalarType.STRING:
      if (typeof value === 'string') return undefined;
      return must('text', typeof value === 'object' ? '' : 'put it in quotes');
    case ScalarType.BOOL:
      return typeof value === 'boolean' ? undefined : must('true or false');
    case ScalarType.BYTES:
      return typeof value === 'string' && /^[A-Za-z0-9+/_-]*={0,2}$/.test(value)
        ? undefined
        : must('base64 text');
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return isNumber(value) ? undefined : must('a number');
    default:
      return integerComplaint(integers[type] ?? [0n, 0n], value);
  }
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number' || (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value));
}

function integerComplaint([min, max]: readonly [bigint, bigint], value: unknown): Complaint {
  const whole =
    (typeof value === 'number' && Number.isInteger(value)) ||
    (typeof value === 'string' && /^-?\d{1,20}$/.test(value));
  if (!whole) return must('a whole number');
  const number = BigInt(value as string | number);
  return number < min || number > max ? must(`a whole number from ${min} to ${max}`) : undefined;
}

/** Judges the value of an enum: a name, or the number of one. */
export function enumComplaint(desc: DescEnum, value: unknown): Complaint {
  const names = desc.values.map(({ name }) => name);
  if (typeof value === 'string' && names.includes(value)) return undefined;
  if (typeof value === 'number' && desc.values.some(({ number }) => number === value)) return undefined;
  const near = typeof value === 'string' ? closest(value, names) : undefined;
  return must(`one of ${names.join(', ')}`, near === undefined ? '' : `did you mean ${near}?`);
}

const durationPattern = /^-?(\d{1,12})(\.\d{1,9})?s$/;
/** Seconds, google/protobuf/duration.proto. */
const maxDuration = 315_576_000_000;

/** Judges a duration, as `1.5s`. */
export function durationComplaint(value: unknown): Complaint {
  const seconds = typeof value === 'string' ? durationPattern.exec(value)?.[1] : undefined;
  if (seconds !== undefined && Number(seconds) <= maxDuration) return undefined;
  const number = typeof value === 'number' && Number.isFinite(value) && value >= 0;
  return must('a duration in seconds such as 1.5s', number ? `write ${value}s` : durationHint(value));
}

const millis: Readonly<Record<string, number>> = { ms: 1, m: 60_000, h: 3_600_000 };

function durationHint(value: unknown): string {
  const [, amount, unit] = typeof value === 'string' ? (/^(\d{1,9})(ms|m|h)$/.exec(value) ?? []) : [];
  return amount === undefined || unit === undefined
    ? ''
    : `write ${(Number(amount) * (millis[unit] ?? 0)) / 1000}s`;
}
