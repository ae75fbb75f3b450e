import { z } from 'zod';

/** One environment variable of a schema, for messages and documents. */
export interface Variable {
  readonly name: string;
  /** Empty where the schema has none. */
  readonly description: string;
  /** Empty where the schema has none. */
  readonly example: string;
  /** As it would stand in the environment; undefined where there is none. */
  readonly defaultValue: string | undefined;
  readonly required: boolean;
  readonly secret: boolean;
}

/** The variables of a schema, in its order. */
export function describeVariables(schema: z.ZodObject): Variable[] {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return Object.entries(json.properties ?? {}).map(([name, property]) => {
    const facts: Record<string, unknown> = typeof property === 'boolean' ? {} : property;
    return {
      name,
      description: textOf(facts.description) ?? '',
      example: textOf(facts.example) ?? '',
      defaultValue: textOf(facts.default),
      required: json.required?.includes(name) === true,
      secret: facts.secret === true,
    };
  });
}

function textOf(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value);
}

/** A Markdown table of the variables, for a service's README. */
export function renderEnvTable(schema: z.ZodObject): string {
  const cell = (text: string): string => text.replace(/[|<]/g, '\\$&');
  const code = (text: string): string => (text === '' ? '' : `\`${text.replaceAll('|', '\\|')}\``);
  const rows = describeVariables(schema).map(
    (v) =>
      `| \`${v.name}\` | ${v.required ? 'required' : code(v.defaultValue ?? '')} | ${cell(v.description)} | ${code(v.example)} |`,
  );
  return ['| Variable | Default | Meaning | Example |', '|---|---|---|---|', ...rows, ''].join('\n');
}

/** A `.env.template`: required variables stand ready to be filled in, the others are commented out at their defaults. */
export function renderEnvTemplate(schema: z.ZodObject): string {
  return describeVariables(schema)
    .map((v) => {
      const about = [v.description, v.example === '' ? '' : `Example: ${v.example}`]
        .filter((line) => line !== '')
        .map((line) => `# ${line}\n`);
      return `${about.join('')}${v.required ? '' : '#'}${v.name}=${v.defaultValue ?? ''}\n`;
    })
    .join('\n');
}

/**
 * A document with the table of the variables between the lines `<!-- env:start -->` and `<!-- env:end -->`.
 * @throws RangeError where the document has no such lines
 */
export function embedEnvTable(document: string, schema: z.ZodObject): string {
  const pattern = /(<!-- env:start -->\n)[\s\S]*?(<!-- env:end -->)/;
  if (!pattern.test(document))
    throw new RangeError('the document has no <!-- env:start --> … <!-- env:end -->');
  return document.replace(
    pattern,
    (_all, start: string, end: string) => `${start}${renderEnvTable(schema)}${end}`,
  );
}
