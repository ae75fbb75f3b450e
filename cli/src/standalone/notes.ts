import { gatewayKey } from '@sluice/ir';
import type { Assessment } from '../model/assessment.ts';
import { escapeText } from '../output/escape.ts';
import { urlsOf } from './report.ts';

/**
 * Lines of a text with `{origin:NAMESPACE/GATEWAY}`, `{address:NAMESPACE/GATEWAY}` and `{port:80}` filled in: what
 * requests to a Gateway begin with (`http://127.80.0.1`), its first address (`-` where it has none), and the port that
 * is bound for a port of a listener. A Service that stands at a listener of its own is `service:NAMESPACE/NAME`.
 */
export function fillNotes(text: string, assessment: Assessment, lowPortOffset: number): string[] {
  const { gateways, services } = assessment;
  const find = (key: string) => [...gateways, ...services].find(({ ref }) => gatewayKey(ref) === key);
  const address = (key: string) => find(key)?.addresses[0] ?? '-';
  const origin = (key: string) => (urlsOf(find(key)?.listeners ?? [])[0] ?? '-').replace(/\/( .*)?$/, '');
  const port = (number: number) => `${number < 1024 ? number + lowPortOffset : number}`;
  if (text.trim() === '') return [];
  return ['', ...text.trimEnd().split('\n')].map((line) =>
    escapeText(
      line
        .replace(/\{origin:([^{}]+)\}/g, (_, key: string) => origin(key))
        .replace(/\{address:([^{}]+)\}/g, (_, key: string) => address(key))
        .replace(/\{port:(\d{1,5})\}/g, (_, number: string) => port(Number(number))),
    ),
  );
}
