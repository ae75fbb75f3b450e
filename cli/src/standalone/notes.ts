import type { Assessment } from '../model/assessment.ts';
import { escapeText } from '../output/escape.ts';

/**
 * Lines of a text with `{address:NAMESPACE/GATEWAY}` and `{port:80}` filled in: the first address of a Gateway (`-` where
 * it has none), and the port that is bound for a port of a listener.
 */
export function fillNotes(text: string, { gateways }: Assessment, lowPortOffset: number): string[] {
  const address = (key: string) =>
    gateways.find(({ ref }) => `${ref.namespace}/${ref.name}` === key)?.addresses[0] ?? '-';
  const port = (number: number) => `${number < 1024 ? number + lowPortOffset : number}`;
  if (text.trim() === '') return [];
  return ['', ...text.trimEnd().split('\n')].map((line) =>
    escapeText(
      line
        .replace(/\{address:([^{}]+)\}/g, (_, key: string) => address(key))
        .replace(/\{port:(\d{1,5})\}/g, (_, number: string) => port(Number(number))),
    ),
  );
}
