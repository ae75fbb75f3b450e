// Who an Envoy is, by the URI in its certificate: `spiffe://<trust domain>/sluice/envoy` may come as any node,
// `spiffe://<trust domain>/sluice/envoy/<node id>` as that node alone. The authority that signs them signs nothing else
// of that form, so the trust domain is not compared. Format: RFC 3986; SPIFFE ID, section 2.

/** One name of a certificate as Node prints it: quoted as a JSON string where it holds a comma or a quote. */
const entryPattern = /(?:^|, )(?<type>[A-Za-z ]+):(?<value>"(?:[^"\\]|\\.)*"|[^,]*)/gy;
const identityPattern = /^spiffe:\/\/[a-z0-9._-]+\/sluice\/envoy(?:\/(?<node>[A-Za-z0-9._-]{1,253}))?$/;

/** What a certificate lets its holder be. */
export type EnvoyIdentity =
  | { readonly kind: 'none' }
  | { readonly kind: 'any' }
  | { readonly kind: 'nodes'; readonly nodes: ReadonlySet<string> };

/**
 * Reads the identity out of the subject alternative names.
 * @param names as `tls.PeerCertificate.subjectaltname` gives them: `DNS:a, URI:spiffe://…`
 */
export function envoyIdentity(names: string | undefined): EnvoyIdentity {
  const nodes = new Set<string>();
  for (const { groups } of (names ?? '').matchAll(entryPattern)) {
    if (groups?.type !== 'URI') continue;
    const match = identityPattern.exec(groups.value ?? '');
    if (match === null) continue;
    if (match.groups?.node === undefined) return { kind: 'any' };
    nodes.add(match.groups.node);
  }
  return nodes.size === 0 ? { kind: 'none' } : { kind: 'nodes', nodes };
}

/** Whether the holder of an identity may call itself `node`. */
export function mayBe(identity: EnvoyIdentity, node: string): boolean {
  return identity.kind === 'any' || (identity.kind === 'nodes' && identity.nodes.has(node));
}
