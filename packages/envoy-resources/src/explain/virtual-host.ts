// The virtual host of a request (envoy.config.route.v3.VirtualHost.domains): a name, then the longest `*` in front, then the
// longest `*` behind, then `*` alone.
import type { JsonObject } from '../json.ts';
import { isTrue, messagesIn, textIn, textsIn } from './fields.ts';

/** A virtual host, and the domain of it that covers the host. */
export interface ChosenHost {
  readonly host: JsonObject;
  readonly name: string;
  readonly domain: string;
}

interface Ranked extends ChosenHost {
  readonly rank: readonly [kind: number, length: number];
}

/** Chooses the virtual host. `stripPort`: the settings of the listener take the port away. */
export function chooseHost(table: JsonObject, authority: string, stripPort: boolean): ChosenHost | undefined {
  const strips = stripPort || isTrue(table, 'ignore_port_in_host_matching');
  const host = (strips ? withoutPort(authority) : authority).toLowerCase();
  const ranked = messagesIn(table, 'virtual_hosts').flatMap((each): Ranked[] =>
    textsIn(each, 'domains').flatMap((domain) => {
      const rank = rankOf(domain.toLowerCase(), host);
      return rank === undefined ? [] : [{ host: each, name: textIn(each, 'name'), domain, rank }];
    }),
  );
  return ranked.sort((a, b) => b.rank[0] - a.rank[0] || b.rank[1] - a.rank[1])[0];
}

/** A wildcard stands for one character at least. */
function rankOf(domain: string, host: string): Ranked['rank'] | undefined {
  if (domain === host) return [3, 0];
  if (domain === '*') return [0, 0];
  if (host.length < domain.length) return undefined;
  if (domain.startsWith('*')) return host.endsWith(domain.slice(1)) ? [2, domain.length] : undefined;
  if (domain.endsWith('*')) return host.startsWith(domain.slice(0, -1)) ? [1, domain.length] : undefined;
  return undefined;
}

/** A Host header without its port; brackets of an IPv6 address stay. */
export function withoutPort(authority: string): string {
  return authority.replace(/:\d*$/, '');
}
