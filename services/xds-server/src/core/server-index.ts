// Which server of a listener answers for a hostname, without looking at all of them: see hostname.ts for the rule.
import type { IrServer } from '@sluice/ir';

/** An index of the servers of one listener. */
export class ServerIndex {
  readonly #byHostname = new Map<string, IrServer>();

  constructor(servers: readonly IrServer[]) {
    for (const server of servers)
      if (!this.#byHostname.has(server.hostname)) this.#byHostname.set(server.hostname, server);
  }

  /** The hostnames of the servers. */
  hostnames(): Iterable<string> {
    return this.#byHostname.keys();
  }

  /** True where a server has exactly this hostname. */
  has(hostname: string): boolean {
    return this.#byHostname.has(hostname);
  }

  /** The server that answers for `hostname`, which may be a wildcard; undefined where none does. */
  find(hostname: string): IrServer | undefined {
    const exact = this.#byHostname.get(hostname);
    if (exact !== undefined || hostname === '*') return exact;
    let rest = hostname.startsWith('*.') ? hostname.slice(2) : hostname;
    for (let dot = rest.indexOf('.'); dot >= 0; dot = rest.indexOf('.')) {
      rest = rest.slice(dot + 1);
      const found = this.#byHostname.get(`*.${rest}`);
      if (found !== undefined) return found;
    }
    return this.#byHostname.get('*');
  }
}
