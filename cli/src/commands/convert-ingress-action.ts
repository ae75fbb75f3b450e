import { type Validation, validateFiles } from '@sluice/api-watcher/core';
import { formatObjectRef } from '@sluice/ir';
import type { CommandContext, ExitCode } from '../command.ts';
import { type ConvertedGroup, convertIngresses } from '../model/convert/convert-ingress.ts';
import type { ConversionInput, ConversionNote } from '../model/convert/ingress-group.ts';
import { escapeText } from '../output/escape.ts';
import { toYaml } from '../output/yaml.ts';
import { readInput } from './input-files.ts';
import { formatFault } from './validate-action.ts';

/** Options of `sluice convert ingress`. */
export interface ConvertIngressOptions {
  readonly files: readonly string[];
  readonly class?: string;
  readonly namespace: string;
}

/** Prints the equal manifests. Findings (1): a faulty document, or no Ingress. */
export async function runConvertIngress(
  { terminal }: CommandContext,
  options: ConvertIngressOptions,
): Promise<ExitCode> {
  const read = validateFiles(options.files.flatMap(readInput));
  for (const fault of read.faults) terminal.err(formatFault(fault, terminal.colors.red('left out')));
  const input = inputOf(read, options);
  if (input.ingresses.length === 0) {
    terminal.err('there is no Ingress in these files');
    return 1;
  }
  const groups = convertIngresses(input);
  terminal.out(groups.map(documentsOf).join('---\n').trimEnd());
  for (const note of groups.flatMap(({ notes }) => notes))
    terminal.err(formatFault({ ...note, hint: '' }, terminal.colors.yellow('note')));
  return read.faults.length === 0 ? 0 : 1;
}

/** What of the files is converted. */
export function inputOf(
  { objects }: Pick<Validation, 'objects'>,
  options: Pick<ConvertIngressOptions, 'class' | 'namespace'>,
): ConversionInput {
  return {
    ingresses: objects.flatMap(({ object, origin }) =>
      object.kind === 'Ingress' ? [{ ingress: object, origin }] : [],
    ),
    classes: objects.flatMap(({ object }) => (object.kind === 'IngressClass' ? [object] : [])),
    services: objects.flatMap(({ object }) => (object.kind === 'Service' ? [object] : [])),
    ...(options.class === undefined ? {} : { className: options.class }),
    sharedNamespace: options.namespace,
  };
}

/** The documents of a group, with its notes as comments before them. */
export function documentsOf({ group, objects, notes }: ConvertedGroup): string {
  const from = group.members.map(
    ({ ingress: { metadata }, origin }) =>
      `Ingress ${metadata.namespace}/${metadata.name} (${origin.file}:${origin.line})`,
  );
  const head = [`From ${from.join(', ')}.`, ...notes.map(commentOf)];
  return head.map((line) => `# ${escapeText(line)}\n`).join('') + objects.map(toYaml).join('---\n');
}

function commentOf({ ref, path, message }: ConversionNote): string {
  return `Note: ${formatObjectRef(ref)}${path === '' ? '' : ` ${path}`}: ${message}.`;
}
