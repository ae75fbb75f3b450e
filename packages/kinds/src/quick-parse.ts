// Schemas as quick parsers. What comes in: a zod schema; what goes out: a function that gives what the schema gives for
// a value, or says that it cannot tell at once. What it does not tell is the schema's own to judge: so nothing is let in
// that zod would refuse. What is well formed takes a twentieth of zod's time.
import type { z } from 'zod';

/** Nothing is said: the schema itself has to be asked. */
export const undecided = Symbol('undecided');

/**
 * What the schema's output is for a value, or `undecided`. What the schema leaves as it is is not copied: the output shares
 * it with the value, and is the value itself where nothing of it changes.
 */
export type QuickParser = (value: unknown) => unknown;

type Schema = z.core.$ZodType;
type Def = z.core.$ZodTypes['_zod']['def'];
type Test<T> = (value: T) => boolean;

const never: QuickParser = () => undecided;

/** Compiles a schema, each variant of a union on first use; of a construct that is not known here nothing is said. */
export function quickParser(schema: Schema): QuickParser {
  const parse = parserOf(schema._zod.def as Def);
  const rules = rulesOf(schema);
  if (rules.length === 0 || parse === never) return parse;
  return (value) => {
    const made = parse(value);
    if (made === undecided) return undecided;
    for (const rule of rules) if (!rule(made)) return undecided;
    return made;
  };
}

function parserOf(def: Def): QuickParser {
  switch (def.type) {
    case 'string':
      return 'coerce' in def && def.coerce === true ? never : taken((value) => typeof value === 'string');
    case 'number':
      return numberParser(def);
    case 'boolean':
      return taken((value) => value === true || value === false);
    case 'unknown':
      return (value) => value;
    case 'literal':
      return oneOf(def.values);
    case 'enum':
      return oneOf(Object.values(def.entries));
    case 'array':
      return arrayParser(quickParser(def.element));
    case 'object':
      return objectParser(def);
    case 'record':
      return recordParser(def);
    case 'union':
      return unionParser(def);
    case 'nullable':
      return nullableParser(quickParser(def.innerType));
    case 'optional':
      return quickParser(def.innerType);
    case 'default':
      return defaultParser(def);
    case 'prefault':
      return prefaultParser(def);
    case 'pipe':
      return pipeParser(def);
    default:
      return never;
  }
}

/** Of a schema that takes a value as it is, or not at all. */
function taken(test: Test<unknown>): QuickParser {
  return (value) => (test(value) ? value : undecided);
}

function numberParser(def: z.core.$ZodNumberDef): QuickParser {
  const format = 'format' in def ? def.format : undefined;
  if (def.coerce === true) return never;
  if (format === 'safeint') return taken(Number.isSafeInteger);
  return format === undefined ? taken(Number.isFinite) : never;
}

function oneOf(values: readonly unknown[]): QuickParser {
  const [only] = values;
  if (values.length === 1) return taken((value) => value === only);
  const known = new Set(values);
  return taken((value) => known.has(value));
}

function arrayParser(parse: QuickParser): QuickParser {
  return (value) => {
    if (!Array.isArray(value)) return undecided;
    let made: unknown[] | undefined;
    for (let i = 0; i < value.length; i++) {
      const item = parse(value[i]);
      if (item === undecided) return undecided;
      if (item !== value[i]) made ??= value.slice();
      if (made !== undefined) made[i] = item;
    }
    return made ?? value;
  };
}

function nullableParser(parse: QuickParser): QuickParser {
  return (value) => (value === null ? null : parse(value));
}

function defaultParser(def: z.core.$ZodDefaultDef): QuickParser {
  const parse = quickParser(def.innerType);
  return (value) => (value === undefined ? def.defaultValue : parse(value));
}

function prefaultParser(def: z.core.$ZodPrefaultDef): QuickParser {
  const parse = quickParser(def.innerType);
  return (value) => parse(value === undefined ? def.defaultValue : value);
}

type Fields = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface Field {
  readonly name: string;
  readonly parse: QuickParser;
  /** Where it is not there, it is not there in the output. */
  readonly optional: boolean;
}

function fieldOf([name, schema]: readonly [string, Schema]): Field {
  const def = schema._zod.def as Def;
  const optional = def.type === 'optional';
  // What such a field is where it is not there is for zod to say.
  const mayBeMade = optional && def.innerType._zod.optin !== undefined;
  return { name, parse: mayBeMade ? never : quickParser(schema), optional: optional && !mayBeMade };
}

function objectParser(def: z.core.$ZodObjectDef): QuickParser {
  const others = def.catchall?._zod.def.type;
  if (others !== 'never' && others !== 'unknown') return never;
  const fields = Object.entries(def.shape).map(fieldOf);
  const names = new Set(fields.map(({ name }) => name));
  return (value) => {
    if (!isRecord(value)) return undecided;
    let present = 0;
    let made: Record<string, unknown> | undefined;
    for (const { name, parse, optional } of fields) {
      const given = value[name];
      if (given !== undefined) present += 1;
      else if (optional) continue;
      const field = parse(given);
      if (field === undecided || field === undefined) return undecided;
      if (field !== given) made ??= { ...value };
      if (made !== undefined) made[name] = field;
    }
    if (present === Object.keys(value).length) return made ?? value;
    return others === 'unknown' && isLoose(value, names) ? (made ?? value) : undecided;
  };
}

/** Whether the fields that a loose object has besides its own can go along as they are. */
function isLoose(value: Fields, names: ReadonlySet<string>): boolean {
  return Object.keys(value).every((name) =>
    names.has(name) ? value[name] !== undefined : name !== '__proto__',
  );
}

function recordParser(def: z.core.$ZodRecordDef): QuickParser {
  if (def.mode === 'loose' || def.keyType._zod.def.type !== 'string') return never;
  const [keyOf, parse] = [quickParser(def.keyType), quickParser(def.valueType)];
  return (value) => {
    if (!isRecord(value)) return undecided;
    let made: Record<string, unknown> | undefined;
    for (const name of Object.keys(value)) {
      if (name === '__proto__' || keyOf(name) !== name) return undecided;
      const item = parse(value[name]);
      if (item === undecided) return undecided;
      if (item !== value[name]) made ??= { ...value };
      if (made !== undefined) made[name] = item;
    }
    return made ?? value;
  };
}

function unionParser(def: z.core.$ZodUnionDef): QuickParser {
  if ('discriminator' in def) return variantParser(def as z.core.$ZodDiscriminatedUnionDef);
  const options = def.options.map(quickParser);
  if (!def.options.every(isScalar)) return never;
  return taken((value) => options.some((parse) => parse(value) !== undecided));
}

const scalars: ReadonlySet<string> = new Set(['string', 'number', 'boolean', 'literal', 'enum']);

/** A schema that takes a value as it is or not at all: of such the order in a union does not matter. */
function isScalar({ _zod: { def } }: Schema): boolean {
  return scalars.has(def.type) && !(def.checks ?? []).some((rule) => rule._zod.def.check === 'overwrite');
}

function variantParser({ discriminator, options }: z.core.$ZodDiscriminatedUnionDef): QuickParser {
  const variants = new Map<unknown, QuickParser>();
  for (const option of options as readonly Schema[]) {
    let compiled: QuickParser | undefined;
    const parse: QuickParser = (value) => {
      compiled ??= quickParser(option);
      return compiled(value);
    };
    for (const name of option._zod.propValues?.[discriminator] ?? []) variants.set(name, parse);
  }
  return (value) => (isRecord(value) ? (variants.get(value[discriminator]) ?? never)(value) : undecided);
}

function pipeParser({ in: first, out }: z.core.$ZodPipeDef): QuickParser {
  const def = out._zod.def as Def;
  if (def.type !== 'transform' || rulesOf(out).length > 0) return never;
  const parse = quickParser(first);
  return (value) => {
    const given = parse(value);
    if (given === undecided) return undecided;
    const payload = payloadOf(given);
    const made = def.transform(given, payload);
    if (payload.issues.length > 0 || made instanceof Promise) return undecided;
    return isSame(made, value) ? value : made;
  };
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!isRecord(a) || !isRecord(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => isSame(a[name], b[name]));
}

function payloadOf(value: unknown): z.core.ParsePayload {
  return { value, issues: [] };
}

/** The rules that a schema's value must hold to besides its type; where the format is a schema of its own, that too. */
function rulesOf(schema: Schema): Test<unknown>[] {
  const own =
    'check' in schema._zod && 'onattach' in schema._zod ? [schema as unknown as z.core.$ZodCheck] : [];
  return [...own, ...(schema._zod.def.checks ?? [])].map(ruleOf);
}

function ruleOf(rule: z.core.$ZodCheck): Test<unknown> {
  const def = rule._zod.def as z.core.$ZodChecks['_zod']['def'];
  switch (def.check) {
    case 'min_length':
      return lengthRule((length) => length >= def.minimum);
    case 'max_length':
      return lengthRule((length) => length <= def.maximum);
    case 'greater_than':
      return numberRule(def.value, def.inclusive ? (a, b) => a >= b : (a, b) => a > b);
    case 'less_than':
      return numberRule(def.value, def.inclusive ? (a, b) => a <= b : (a, b) => a < b);
    default:
      return ownRule(rule);
  }
}

function lengthRule(test: Test<number>): Test<unknown> {
  return (value) => (typeof value === 'string' || Array.isArray(value)) && test(value.length);
}

function numberRule(bound: unknown, test: (a: number, b: number) => boolean): Test<unknown> {
  return (value) => typeof value === 'number' && typeof bound === 'number' && test(value, bound);
}

/** A rule of zod's own, or a refinement. */
function ownRule(rule: z.core.$ZodCheck): Test<unknown> {
  const { check, def } = rule._zod;
  const { when } = def;
  return (value) => {
    const payload = payloadOf(value);
    if (when !== undefined && !when(payload)) return true;
    const pending = check(payload as z.core.ParsePayload<never>);
    return !(pending instanceof Promise) && payload.issues.length === 0 && payload.value === value;
  };
}
