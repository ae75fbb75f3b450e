// Which filter chain of a listener a connection gets (envoy.config.listener.v3.FilterChainMatch): criterion by criterion, the
// most specific value first, without a way back.
import { compareText } from '@sluice/ir';
import type { JsonObject } from '../json.ts';
import { messageIn, messagesIn, numberIn, optionalIn, shortType, textIn, textsIn } from './fields.ts';

/** A filter chain with what it is called. */
export interface FilterChain {
  readonly name: string;
  readonly chain: JsonObject;
}

/** The chain; or why there is none, or why it cannot be said. */
export type ChosenChain =
  | { readonly type: 'chain'; readonly chosen: FilterChain }
  | { readonly type: 'none' }
  | { readonly type: 'undecided'; readonly reason: string };

/** What is known of a connection. */
export interface RawConnection {
  readonly port: number;
  /** Present where the client speaks TLS. */
  readonly tls?: { readonly sni?: string };
}

/** In Envoy's order, those before and after the ones that a request shows; addresses among them. */
const hidden = [
  'prefix_ranges',
  'application_protocols',
  'direct_source_prefix_ranges',
  'source_type',
  'source_prefix_ranges',
  'source_ports',
] as const;

/** Chooses the chain of a connection. */
export function chooseChain(listener: JsonObject, connection: RawConnection): ChosenChain {
  if (listener.filter_chain_matcher !== undefined)
    return { type: 'undecided', reason: 'filter_chain_matcher chooses the filter chain' };
  let left = messagesIn(listener, 'filter_chains').map((chain, i) => ({
    name: textIn(chain, 'name') || `filter_chains[${i}]`,
    chain,
  }));
  left = narrow(left, (match) =>
    match.destination_port === undefined
      ? 0
      : numberIn(match, 'destination_port', 0) === connection.port
        ? 1
        : undefined,
  );
  left = narrow(left, (match) => nameRank(textsIn(match, 'server_names'), connection.tls?.sni));
  left = narrow(left, (match) => transportRank(textIn(match, 'transport_protocol'), connection));
  const asked = hidden.find((field) =>
    left.some(({ chain }) => isAsked(messageIn(chain, 'filter_chain_match'), field)),
  );
  if (asked !== undefined)
    return { type: 'undecided', reason: `${asked} chooses the filter chain, which a request does not show` };
  const [chosen] = left;
  if (chosen !== undefined) return { type: 'chain', chosen };
  const otherwise = optionalIn(listener, 'default_filter_chain');
  if (otherwise === undefined) return { type: 'none' };
  return { type: 'chain', chosen: { name: 'default_filter_chain', chain: otherwise } };
}

/** Keeps the chains of the highest rank; undefined: it does not match. */
function narrow(
  chains: readonly FilterChain[],
  rankOf: (match: JsonObject) => number | undefined,
): FilterChain[] {
  const ranked = chains.flatMap((each) => {
    const rank = rankOf(messageIn(each.chain, 'filter_chain_match'));
    return rank === undefined ? [] : [{ each, rank }];
  });
  const best = Math.max(...ranked.map(({ rank }) => rank));
  return ranked.filter(({ rank }) => rank === best).map(({ each }) => each);
}

/** A name goes before wildcards, a longer wildcard before a shorter one, all before none. */
function nameRank(names: readonly string[], sni: string | undefined): number | undefined {
  if (names.length === 0) return 0;
  const host = sni?.toLowerCase() ?? '';
  const ranks = names.flatMap((given) => {
    const name = given.toLowerCase();
    if (name === host) return [Number.MAX_SAFE_INTEGER];
    return name.startsWith('*.') && host.endsWith(name.slice(1)) ? [name.length] : [];
  });
  return ranks.length === 0 ? undefined : Math.max(...ranks);
}

function transportRank(wanted: string, { tls }: RawConnection): number | undefined {
  if (wanted === '') return 0;
  return wanted === (tls === undefined ? 'raw_buffer' : 'tls') ? 1 : undefined;
}

function isAsked(match: JsonObject, field: (typeof hidden)[number]): boolean {
  const value = match[field];
  return field === 'source_type' ? value !== undefined && value !== 'ANY' : (value ?? []).toString() !== '';
}

/** Whether a chain ends TLS; undefined where its transport socket is neither of the two that are known. */
export function endsTls(chain: JsonObject): boolean | undefined {
  const socket = optionalIn(chain, 'transport_socket');
  if (socket === undefined) return false;
  const type = shortType(messageIn(socket, 'typed_config'));
  return type === 'DownstreamTlsContext' ? true : type === 'RawBuffer' ? false : undefined;
}

/** `address:port` of all that a listener binds, sorted; pipes and the like are left out. */
export function socketsOf(listener: JsonObject): { readonly address: string; readonly port: number }[] {
  const all = [
    messageIn(listener, 'address'),
    ...messagesIn(listener, 'additional_addresses').map((a) => messageIn(a, 'address')),
  ];
  return all
    .flatMap((address) => {
      const socket = optionalIn(address, 'socket_address');
      if (socket === undefined || socket.protocol === 'UDP') return [];
      return [{ address: textIn(socket, 'address'), port: numberIn(socket, 'port_value', 0) }];
    })
    .sort((a, b) => compareText(a.address, b.address) || a.port - b.port);
}
