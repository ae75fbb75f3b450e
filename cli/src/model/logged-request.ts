// A record of the access log → the request as far as it was logged, and the state of the IR that it was served from.
import type { EventLog } from '@sluice/event-log';
import type { IrResource } from '@sluice/ir';
import type { ExplainRequest } from '@sluice/ir/explain';
import type { RequestRecord } from './access-record.ts';
import { loadPastIr, type PastIr } from './history.ts';

/**
 * The request of a record, to be explained; undefined where it was too broken to have a host, method or path. Headers,
 * query and SNI are not logged: of the first two it has none, and the SNI is taken to be the host.
 */
export function requestOf(
  record: RequestRecord,
  resources: readonly IrResource[],
): ExplainRequest | undefined {
  const { host, method, path, route } = record;
  const [, address, port] = /^(.*):(\d+)$/.exec(record.local ?? '') ?? [];
  if (host === null || method === null || path === null || address === undefined) return undefined;
  const place = { address: address.replace(/^\[|\]$/g, ''), port: Number(port) };
  return {
    ...place,
    ...(overTls(place, resources) ? { tls: { sni: host.replace(/:\d+$/, '') } } : {}),
    host,
    method,
    path,
    headers: [],
    ...(route === null ? {} : { taken: route }),
  };
}

function overTls(
  { address, port }: { readonly address: string; readonly port: number },
  resources: readonly IrResource[],
): boolean {
  return resources.some(
    (resource) =>
      resource.kind === 'listener' &&
      resource.protocol === 'HTTPS' &&
      resource.bindPort === port &&
      resource.addresses.includes(address),
  );
}

/** Key of the route in the id of a match (`<namespace>/<route>/<rule>/<match>`). */
export function routeKeyOf(id: string): string {
  return id.split('/').slice(0, -2).join('/');
}

/**
 * The IR that served the request: as it was when the request came, where the route then stood as the record has it; else
 * at the revision that the record names, which was on its way to Envoy or from it.
 * @throws UserError, LogError where that moment is not retained
 */
export async function loadIrOf(log: EventLog, record: RequestRecord): Promise<PastIr> {
  const { route, revision } = record;
  const then = { type: 'time', timeMs: Date.parse(record.time) } as const;
  if (route === null || revision === null) return loadPastIr(log, then);
  const past = await loadPastIr(log, then).catch(() => undefined);
  if (past?.changeOf('http-route', routeKeyOf(route))?.revision === revision) return past;
  return loadPastIr(log, { type: 'revision', revision });
}
