// Filters of a rule or of a backend. What comes in: HTTPRouteFilters (Gateway API v1.7.0); what goes out: header
// edits, a redirect or a rewrite, and what cannot be served. A filter that cannot be served is never left out
// silently: its rule answers 500.
import type { IrCors, IrHeaderEdit, IrPathRewrite } from '@sluice/ir';
import type { HeaderFilter, HttpFilter, PathModifier } from '@sluice/kinds';
import { translateCors } from './cors.ts';
import { normalPrefix } from './http-match.ts';
import type { PlacedMirror } from './mirror.ts';
import type { RouteRefFault, RuleFault } from './route-fault.ts';

/** A redirect as the user wrote it; its port is decided once the listeners are known. */
export interface RedirectFilter {
  readonly scheme: 'http' | 'https' | undefined;
  readonly hostname: string | undefined;
  readonly port: number | undefined;
  readonly path: IrPathRewrite | undefined;
  readonly statusCode: 301 | 302 | 303 | 307 | 308;
}

/** What a list of filters comes to. */
export interface Filters {
  requestHeaders?: IrHeaderEdit;
  responseHeaders?: IrHeaderEdit;
  redirect?: RedirectFilter;
  hostRewrite?: string;
  pathRewrite?: IrPathRewrite;
  cors?: IrCors;
  readonly mirrors: PlacedMirror[];
  readonly faults: RuleFault[];
  readonly refFaults: RouteRefFault[];
}

/** Where filters stand: those of a backend change headers, and no more. */
export type FilterPlace = 'rule' | 'backend';

const forwardOnly = ['RequestMirror', 'CORS'];
const mayRepeat: ReadonlySet<string> = new Set(['RequestMirror', 'ExtensionRef']);

/** Translates a list of filters; `at` names it in messages. */
export function translateFilters(filters: readonly HttpFilter[], place: FilterPlace, at: string): Filters {
  const result: Filters = { mirrors: [], faults: [], refFaults: [] };
  const seen = new Set<string>();
  filters.forEach((filter, i) => {
    const where = `${at}[${i}]`;
    if (seen.has(filter.type) && !mayRepeat.has(filter.type))
      result.faults.push({ reason: 'IncompatibleFilters', message: `${where} repeats ${filter.type}` });
    else takeFilter(filter, result, { place, where });
    seen.add(filter.type);
  });
  if (result.redirect !== undefined && seen.has('URLRewrite'))
    result.faults.push({
      reason: 'IncompatibleFilters',
      message: `${at} holds both RequestRedirect and URLRewrite`,
    });
  for (const type of forwardOnly)
    if (result.redirect !== undefined && seen.has(type))
      result.faults.push({
        reason: 'IncompatibleFilters',
        message: `${at} holds both RequestRedirect and ${type}: a redirected request goes to no backend`,
      });
  return result;
}

const ruleOnly: ReadonlySet<string> = new Set(['RequestRedirect', 'URLRewrite', 'RequestMirror', 'CORS']);

function takeFilter(
  filter: HttpFilter,
  into: Filters,
  { place, where }: { place: FilterPlace; where: string },
): void {
  const unsupported = (what: string): void => {
    into.faults.push({ reason: 'UnsupportedValue', message: `${where}: ${what}` });
  };
  if (place === 'backend' && ruleOnly.has(filter.type)) {
    unsupported(`${filter.type} is not supported in a backendRef`);
    return;
  }
  switch (filter.type) {
    case 'RequestHeaderModifier':
      if (touchesHost(filter.requestHeaderModifier))
        unsupported('the Host header is changed with URLRewrite.hostname only');
      into.requestHeaders = headerEdit(filter.requestHeaderModifier);
      return;
    case 'ResponseHeaderModifier':
      if (touchesHost(filter.responseHeaderModifier)) unsupported('a response has no Host header to change');
      into.responseHeaders = headerEdit(filter.responseHeaderModifier);
      return;
    case 'RequestRedirect': {
      const { scheme, hostname, port, path, statusCode } = filter.requestRedirect;
      into.redirect = {
        scheme,
        hostname: hostname?.toLowerCase(),
        port,
        path: pathRewrite(path),
        statusCode,
      };
      return;
    }
    case 'URLRewrite': {
      const { hostname, path } = filter.urlRewrite;
      const rewrite = pathRewrite(path);
      if (hostname !== undefined) into.hostRewrite = hostname.toLowerCase();
      if (rewrite !== undefined) into.pathRewrite = rewrite;
      return;
    }
    case 'ExtensionRef':
      unsupported(`ExtensionRef to a ${filter.extensionRef.kind} is not supported`);
      into.refFaults.push({
        reason: 'InvalidKind',
        message: `${where}: kind ${filter.extensionRef.kind} is not known as a filter`,
      });
      return;
    case 'RequestMirror':
      into.mirrors.push({ filter: filter.requestMirror, where });
      return;
    case 'CORS':
      into.cors = translateCors(filter.cors);
      return;
    case 'ExternalAuth':
      unsupported(`filter ${filter.type} is not supported`);
  }
}

function touchesHost({ set, add, remove }: HeaderFilter): boolean {
  return [...set.map((h) => h.name), ...add.map((h) => h.name), ...remove].some(
    (name) => name.toLowerCase() === 'host',
  );
}

/** Lower-case names; of several entries with one name the first counts. */
function headerEdit({ set, add, remove }: HeaderFilter): IrHeaderEdit {
  const unique = (list: HeaderFilter['set']): { name: string; value: string }[] => {
    const found = new Map<string, string>();
    for (const { name, value } of list)
      if (!found.has(name.toLowerCase())) found.set(name.toLowerCase(), value);
    return [...found].map(([name, value]) => ({ name, value }));
  };
  return {
    set: unique(set),
    add: unique(add),
    remove: [...new Set(remove.map((name) => name.toLowerCase()))],
  };
}

function pathRewrite(path: PathModifier | undefined): IrPathRewrite | undefined {
  if (path === undefined) return undefined;
  if (path.type === 'ReplaceFullPath') return { type: 'full', value: rooted(path.replaceFullPath) };
  return { type: 'prefix', value: normalPrefix(rooted(path.replacePrefixMatch)) };
}

function rooted(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}
