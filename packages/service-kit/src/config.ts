import type { z } from 'zod';
import { describeVariables, type Variable } from './config-docs.ts';
import { SluiceError } from './errors.ts';

/** The environment, as `process.env` has it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What came of reading the environment. */
export interface LoadedConfig<C> {
  readonly config: C;
  /** `SLUICE_*` variables that are set and unknown to this schema, sorted. Not an error: services share one environment. */
  readonly unknown: readonly string[];
}

/**
 * Reads a service's configuration. A variable that is set to the empty string counts as not set.
 * @throws SluiceError `config-invalid` that names every fault and its mend, one a line, and no value of a secret
 */
export function loadConfig<S extends z.ZodObject>(
  schema: S,
  env: Environment = process.env,
): LoadedConfig<z.output<S>> {
  const known = Object.keys(schema.shape);
  const given = Object.fromEntries(
    known.map((name) => [name, env[name]]).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = schema.safeParse(given);
  if (!parsed.success) throw configError(parsed.error, describeVariables(schema), given);
  const unknown = Object.keys(env).filter((name) => name.startsWith('SLUICE_') && !known.includes(name));
  return { config: parsed.data, unknown: unknown.sort() };
}

function configError(error: z.ZodError, variables: readonly Variable[], given: Environment): SluiceError {
  const lines = new Set(error.issues.map((issue) => faultLine(issue, variables, given)));
  const count = lines.size === 1 ? 'one fault' : `${lines.size} faults`;
  return new SluiceError('config-invalid', [`${count} in the configuration:`, ...lines].join('\n  '), {
    hint: 'set the variables named above and start again',
  });
}

function faultLine(issue: z.core.$ZodIssue, variables: readonly Variable[], given: Environment): string {
  const name = String(issue.path[0] ?? '');
  const variable = variables.find((candidate) => candidate.name === name);
  const value = given[name];
  const mend =
    variable === undefined || variable.example === '' ? '' : `, for example ${name}=${variable.example}`;
  const meaning = variable === undefined || variable.description === '' ? '' : ` (${variable.description})`;
  if (value === undefined && issue.path.length === 1) return `${name} is not set${meaning}: set it${mend}`;
  const shown = variable?.secret === true ? '<hidden>' : JSON.stringify(value);
  return `${name} is ${shown}${meaning}: ${issue.message}${mend}`;
}

/** The configuration as it may be shown: values of secrets replaced, everything else as it was given to the service. */
export function redactConfig<S extends z.ZodObject>(schema: S, config: z.output<S>): Record<string, unknown> {
  const secret = new Set(
    describeVariables(schema)
      .filter((variable) => variable.secret)
      .map((variable) => variable.name),
  );
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => [name, secret.has(name) ? '<hidden>' : value]),
  );
}
