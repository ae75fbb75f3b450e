// Where the rules of an Ingress are served. What comes in: the hosts of its rules and of its TLS; what goes out: which of them
// are served in the clear, which with TLS, and which are redirected. Pure tables: no certificate and no other Ingress plays a part.
import { compareText, type IrAttachment } from '@sluice/ir';
import { anyHostname } from '../hostname.ts';

/** The places of one host of the rules. */
export interface Places {
  /** Hostnames that are served in the clear. */
  readonly clear: readonly string[];
  /** Hostnames that are redirected from there. */
  readonly redirected: readonly string[];
  /** Hostnames that are served with TLS, wherever TLS is ended for them. */
  readonly secure: readonly string[];
}

/** What decides. */
export interface HostsOfIngress {
  /** Hosts with rules, and `*` where there is a default backend. */
  readonly hosts: readonly string[];
  /** Hosts with TLS. */
  readonly tls: readonly string[];
  readonly forceHttps: boolean;
}

/**
 * The places of `host`. The rules for a wildcard, or for all hosts, also serve those hosts with TLS for which there are none
 * that are more specific.
 */
export function placesOf(host: string, { hosts, tls, forceHttps }: HostsOfIngress): Places {
  const more = tls.filter((t) => !hosts.includes(t) && bestFor(t, hosts) === host);
  const redirects = forceHttps && tls.some((t) => coversOneLabel(t, host));
  return {
    clear: redirects ? [] : [host],
    redirected: forceHttps ? [...(redirects ? [host] : []), ...more] : [],
    secure: [host, ...more],
  };
}

function bestFor(tlsHost: string, hosts: readonly string[]): string | undefined {
  return (
    hosts.find((h) => h !== anyHostname && coversOneLabel(h, tlsHost)) ?? hosts.find((h) => h === anyHostname)
  );
}

/** Whether a host, which may be a wildcard itself, is one of `wide`, whose wildcard is one label. */
function coversOneLabel(wide: string, host: string): boolean {
  if (wide === anyHostname || wide === host) return true;
  return wide.startsWith('*.') && !host.startsWith('*.') && host.slice(host.indexOf('.')) === wide.slice(1);
}

/** The servers that may answer for a hostname, whichever are there: its own, those of the wildcards above, that of all. */
export function serversFor(hostname: string): string[] {
  if (hostname === anyHostname) return [anyHostname];
  const labels = (hostname.startsWith('*.') ? hostname.slice(2) : hostname).split('.');
  const above = labels.slice(1).map((_, i) => `*.${labels.slice(i + 1).join('.')}`);
  return [hostname, ...above, anyHostname];
}

/** The attachments to servers of a listener, each with its hostnames. */
export function attachmentsTo(
  listener: string,
  places: readonly { readonly server: string; readonly hostname: string }[],
): IrAttachment[] {
  const servers = new Map<string, Set<string>>();
  for (const { server, hostname } of places)
    servers.set(server, (servers.get(server) ?? new Set()).add(hostname));
  return [...servers]
    .map(([server, hostnames]) => ({ listener, server, hostnames: [...hostnames].sort(compareText) }))
    .sort((a, b) => compareText(a.server, b.server));
}
