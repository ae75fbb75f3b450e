import { structuredPatch } from 'diff';
import { toYaml } from './yaml.ts';

/** More edits than these are not looked for: the search costs their square. */
const maxEdits = 500;

/**
 * What changed between two values, as lines of YAML that begin with `+`, `-` or a blank, each safe to print. An absent
 * value is an empty text. Undefined where they have too little in common to be shown line by line.
 */
export function unifiedLines(before: unknown, after: unknown): string[] | undefined {
  const [old, fresh] = [textOf(before), textOf(after)];
  if (old === '') return linesOf(fresh).map((line) => `+ ${line}`);
  if (fresh === '') return linesOf(old).map((line) => `- ${line}`);
  const patch = structuredPatch('', '', old, fresh, '', '', { context: 2, maxEditLength: maxEdits });
  return patch?.hunks.flatMap((hunk, i) => [
    ...(i === 0 ? [] : ['  …']),
    ...hunk.lines
      .filter((line) => !line.startsWith('\\'))
      .map((line) => `${line.slice(0, 1)} ${line.slice(1)}`),
  ]);
}

function textOf(value: unknown): string {
  return value === undefined ? '' : toYaml(value);
}

function linesOf(text: string): string[] {
  return text.trimEnd().split('\n');
}
