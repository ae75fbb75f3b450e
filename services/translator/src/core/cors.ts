// The CORS filter. What comes in: HTTPCORSFilter (Gateway API v1.6.3); what goes out: what the IR says of it. An
// origin without a port means the usual port of its scheme, which no browser writes; `*` in a host stands for any
// number of labels.
import type { IrCors, IrStringMatch } from '@sluice/ir';
import type { CorsFilter } from '@sluice/kinds';

const usualPorts: Readonly<Record<string, string>> = { http: '80', https: '443' };

/** Translates a CORS filter. */
export function translateCors(filter: CorsFilter): IrCors {
  const allowCredentials = filter.allowCredentials ?? false;
  const unique = (list: readonly string[]): string[] => [...new Set(list)];
  const exposed = unique(filter.exposeHeaders.map((name) => name.toLowerCase()));
  return {
    allowOrigins: unique(filter.allowOrigins).map(originMatch),
    allowCredentials,
    allowMethods: unique(filter.allowMethods),
    allowHeaders: unique(filter.allowHeaders.map((name) => name.toLowerCase())),
    // With credentials a browser takes `*` for the name of a header: the spec forbids to send it then.
    exposeHeaders: allowCredentials ? exposed.filter((name) => name !== '*') : exposed,
    maxAgeSeconds: filter.maxAge,
  };
}

function originMatch(origin: string): IrStringMatch {
  if (origin === '*') return { type: 'regex', value: '.*' };
  const [, scheme = '', host = '', port] = /^(https?):\/\/([^:]+)(?::([0-9]+))?$/i.exec(origin) ?? [];
  const shown = port === undefined || port === usualPorts[scheme.toLowerCase()] ? '' : `:${port}`;
  const text = `${scheme}://${host}${shown}`.toLowerCase();
  if (!host.includes('*')) return { type: 'exact', value: text };
  // The schema leaves letters, digits, "-", ".", ":", "/" and "*" alone: only "." and "*" mean something.
  return { type: 'regex', value: text.replaceAll('.', '\\.').replaceAll('*', '[a-z0-9.-]+') };
}
