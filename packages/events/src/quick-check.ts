// Schemas as quick checks. What comes in: a zod schema; what goes out: a function that is true only for values that the
// schema takes and gives back as they are. What it does not take, or not at once, is the schema's own to judge: so nothing
// is let in that zod would refuse. What our writers write is in that form, and is checked in a twentieth of zod's time.
import type { z } from 'zod';

/** True: the schema takes the value, and its output equals it. False: nothing is said. */
export type QuickCheck = (value: unknown) => boolean;

type Schema = z.core.$ZodType;
type Def = z.core.$ZodTypes['_zod']['def'];
type Test<T> = (value: T) => boolean;

const never: QuickCheck = () => false;

/** Compiles a schema, each variant of a union on first use; of a construct that is not known here nothing is said. */
export function quickCheck(schema: Schema): QuickCheck {
  const def = schema._zod.def as Def;
  const check = checkOf(def);
  const rules = rulesOf(schema);
  if (rules.length === 0 || check === never) return check;
  return (value) => check(value) && rules.every((rule) => rule(value));
}

function checkOf(def: Def): QuickCheck {
  switch (def.type) {
    case 'string':
      return 'coerce' in def && def.coerce === true ? never : (value) => typeof value === 'string';
    case 'number':
      return numberCheck(def);
    case 'boolean':
      return (value) => value === true || value === false;
    case 'unknown':
      return () => true;
    case 'literal':
      return oneOf(def.values);
    case 'enum':
      return oneOf(Object.values(def.entries));
    case 'array':
      return arrayCheck(quickCheck(def.element));
    case 'object':
      return objectCheck(def);
    case 'record':
      return recordCheck(def);
    case 'union':
      return unionCheck(def);
    case 'nullable':
      return nullableCheck(quickCheck(def.innerType));
    case 'optional':
    case 'default':
    case 'prefault':
      return quickCheck(def.innerType);
    case 'pipe':
      return pipeCheck(def);
    default:
      return never;
  }
}

function numberCheck(def: z.core.$ZodNumberDef): QuickCheck {
  const format = 'format' in def ? def.format : undefined;
  if (def.coerce === true) return never;
  if (format === 'safeint') return (value) => Number.isSafeInteger(value);
  return format === undefined ? (value) => Number.isFinite(value) : never;
}

function oneOf(values: readonly unknown[]): QuickCheck {
  const [only] = values;
  if (values.length === 1) return (value) => value === only;
  const known = new Set(values);
  return (value) => known.has(value);
}

function arrayCheck(element: QuickCheck): QuickCheck {
  return (value) => {
    if (!Array.isArray(value)) return false;
    for (let i = 0; i < value.length; i++) if (!element(value[i])) return false;
    return true;
  };
}

function nullableCheck(inner: QuickCheck): QuickCheck {
  return (value) => value === null || inner(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface Field {
  readonly name: string;
  readonly check: QuickCheck;
  readonly optional: boolean;
}

function objectCheck(def: z.core.$ZodObjectDef): QuickCheck {
  const others = def.catchall?._zod.def.type;
  if (others !== 'never' && others !== 'unknown') return never;
  const loose = others === 'unknown';
  const fields = Object.entries(def.shape).map(([name, schema]): Field => {
    return { name, check: quickCheck(schema), optional: schema._zod.def.type === 'optional' };
  });
  return (value) => {
    if (!isRecord(value)) return false;
    let present = 0;
    for (const { name, check, optional } of fields) {
      const field = value[name];
      if (field === undefined) {
        if (!optional) return false;
      } else if (check(field)) present += 1;
      else return false;
    }
    return loose ? !Object.hasOwn(value, '__proto__') : present === Object.keys(value).length;
  };
}

function recordCheck(def: z.core.$ZodRecordDef): QuickCheck {
  if (def.mode === 'loose' || def.keyType._zod.def.type !== 'string') return never;
  const [key, item] = [quickCheck(def.keyType), quickCheck(def.valueType)];
  return (value) => {
    if (!isRecord(value)) return false;
    for (const name of Object.keys(value))
      if (name === '__proto__' || !key(name) || !item(value[name])) return false;
    return true;
  };
}

function unionCheck(def: z.core.$ZodUnionDef): QuickCheck {
  if ('discriminator' in def) return variantCheck(def as z.core.$ZodDiscriminatedUnionDef);
  const options = def.options.map(quickCheck);
  return def.options.every(isScalar) ? (value) => options.some((option) => option(value)) : never;
}

const scalars: ReadonlySet<string> = new Set(['string', 'number', 'boolean', 'literal', 'enum']);

/** A schema that takes a value as it is or not at all: of such the order in a union does not matter. */
function isScalar({ _zod: { def } }: Schema): boolean {
  return scalars.has(def.type) && !(def.checks ?? []).some((rule) => rule._zod.def.check === 'overwrite');
}

function variantCheck({ discriminator, options }: z.core.$ZodDiscriminatedUnionDef): QuickCheck {
  const variants = new Map<unknown, QuickCheck>();
  for (const option of options as readonly Schema[]) {
    let compiled: QuickCheck | undefined;
    const check: QuickCheck = (value) => {
      compiled ??= quickCheck(option);
      return compiled(value);
    };
    for (const name of option._zod.propValues?.[discriminator] ?? []) variants.set(name, check);
  }
  return (value) => isRecord(value) && variants.get(value[discriminator])?.(value) === true;
}

function pipeCheck({ in: first, out }: z.core.$ZodPipeDef): QuickCheck {
  const def = out._zod.def as Def;
  if (def.type !== 'transform') return never;
  const check = quickCheck(first);
  return (value) => {
    if (!check(value)) return false;
    const payload = payloadOf(value);
    const made = def.transform(value, payload);
    return payload.issues.length === 0 && isSame(made, value);
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
function rulesOf(schema: Schema): QuickCheck[] {
  const own =
    'check' in schema._zod && 'onattach' in schema._zod ? [schema as unknown as z.core.$ZodCheck] : [];
  return [...own, ...(schema._zod.def.checks ?? [])].map(ruleOf);
}

function ruleOf(rule: z.core.$ZodCheck): QuickCheck {
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
      return (value) => holds(rule, value);
  }
}

function lengthRule(test: Test<number>): QuickCheck {
  return (value) => (typeof value === 'string' || Array.isArray(value)) && test(value.length);
}

function numberRule(bound: unknown, test: (a: number, b: number) => boolean): QuickCheck {
  return (value) => typeof value === 'number' && typeof bound === 'number' && test(value, bound);
}

/** Runs a rule of zod's own, or a refinement. */
function holds(rule: z.core.$ZodCheck, value: unknown): boolean {
  const payload = payloadOf(value);
  const { when } = rule._zod.def;
  if (when !== undefined && !when(payload)) return true;
  const pending = rule._zod.check(payload as z.core.ParsePayload<never>);
  return !(pending instanceof Promise) && payload.issues.length === 0 && payload.value === value;
}
