// A request as one types it on a command line → a request to be explained. The path is not touched: normalising it is
// what the data plane does, and part of the explanation.
import { isIP } from 'node:net';
import type { ExplainRequest } from '@sluice/ir/explain';
import { UserError } from '../standalone/settings.ts';

/** What is typed. */
export interface RequestLine {
  readonly method: string;
  readonly url: string;
  /** `Name: value` each. */
  readonly header: readonly string[];
  readonly sni?: string;
}

/** Reads it. @throws UserError where it is no request */
export function readRequestLine({ method, url, header, sni }: RequestLine): ExplainRequest {
  const [, scheme, authority, target] = /^(https?):\/\/([^/?#]+)(.*)$/i.exec(url) ?? [];
  if (scheme === undefined || authority === undefined || target === undefined)
    throw new UserError(`${url} is no URL of a request`, 'write it as http://HOST/PATH or https://HOST/PATH');
  const secure = scheme.toLowerCase() === 'https';
  if (sni !== undefined && !secure)
    throw new UserError('--sni is for https:// only', 'write https://, or leave it out');
  const { name, port } = splitAuthority(authority, secure ? 443 : 80);
  const address = addressOf(name);
  const headers = header.map(readHeader);
  const hosts = headers.filter(([key]) => key.toLowerCase() === 'host');
  const serverName = sni ?? (address === undefined ? name : undefined);
  return {
    ...(address === undefined ? {} : { address }),
    port,
    ...(secure ? { tls: serverName === undefined ? {} : { sni: serverName } } : {}),
    host: hosts[0]?.[1] ?? (port === (secure ? 443 : 80) ? name : authority),
    method: method.toUpperCase(),
    path: target.startsWith('/') ? target : `/${target}`,
    headers: headers.filter(([key]) => key.toLowerCase() !== 'host'),
  };
}

/** `HOST` or `HOST:PORT`, an IPv6 address in brackets, with a port to take where there is none. @throws UserError */
export function splitAuthority(authority: string, standard: number): { name: string; port: number } {
  const [, name, port] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(authority) ?? [];
  const number = port === undefined ? standard : Number(port);
  if (name === undefined || name === '' || number < 1 || number > 65_535)
    throw new UserError(`${authority} is no host`, 'write HOST or HOST:PORT; an IPv6 address in brackets');
  return { name, port: number };
}

/** The IP address in its usual form; undefined for a name. */
export function addressOf(name: string): string | undefined {
  const plain = name.replace(/^\[|\]$/g, '');
  if (isIP(plain) === 0) return undefined;
  return isIP(plain) === 4 ? plain : new URL(`http://[${plain}]`).hostname.slice(1, -1);
}

function readHeader(text: string): readonly [name: string, value: string] {
  const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined)
    throw new UserError(`${text} is no header`, "write it as -H 'Name: value'");
  return [name, value.trimEnd()];
}
