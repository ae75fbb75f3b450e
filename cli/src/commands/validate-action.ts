import { validateFiles } from '@sluice/api-watcher/core';
import type { Fault } from '@sluice/events';
import type { CommandContext, ExitCode } from '../command.ts';
import { annotationWarnings } from '../model/annotation-warnings.ts';
import { referenceWarnings } from '../model/reference-warnings.ts';
import { escapeText, toJson } from '../output/escape.ts';
import { readInput } from './input-files.ts';

/** Checks files together and prints every fault. Findings (1): at least one fault; warnings are none. */
export async function runValidate(
  { terminal }: CommandContext,
  of: { readonly files: readonly string[]; readonly output: 'table' | 'json' },
): Promise<ExitCode> {
  const inputs = of.files.flatMap(readInput);
  const { objects, faults } = validateFiles(inputs);
  const warnings = [...referenceWarnings(objects), ...annotationWarnings(objects)];
  if (of.output === 'json')
    terminal.out(toJson({ files: inputs.length, objects: objects.length, faults, warnings }));
  else {
    for (const fault of faults) terminal.out(formatFault(fault));
    for (const warning of warnings) terminal.out(formatFault(warning, terminal.colors.yellow('warning')));
    terminal.out(
      summary({
        files: inputs.length,
        objects: objects.length,
        faults: faults.length,
        warnings: warnings.length,
      }),
    );
  }
  return faults.length === 0 ? 0 : 1;
}

/** `file:line:column: field: message`, with the mend on a line of its own. */
export function formatFault({ origin, path, message, hint }: Fault, label?: string): string {
  const place = `${escapeText(origin.file)}:${origin.line}:${origin.column}`;
  const parts = [
    place,
    ...(label === undefined ? [] : [label]),
    ...(path === '' ? [] : [escapeText(path)]),
    escapeText(message),
  ];
  const line = parts.join(': ');
  return hint === '' ? line : `${line}\n  mend: ${escapeText(hint)}`;
}

function summary(of: { files: number; objects: number; faults: number; warnings: number }): string {
  const count = (number: number, word: string) => `${number} ${word}${number === 1 ? '' : 's'}`;
  const parts = [count(of.files, 'file'), count(of.objects, 'object')];
  if (of.warnings > 0) parts.push(count(of.warnings, 'warning'));
  return `${parts.join(', ')}, ${of.faults === 0 ? 'no fault' : count(of.faults, 'fault')}`;
}
