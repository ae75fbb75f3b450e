import type { V1Pod } from '@kubernetes/client-node';

/** What a Pod may be told about itself beside its own object. */
export interface PodFacts {
  readonly podIp: string;
  readonly nodeAddress: string;
  readonly nodeName: string;
}

/**
 * The value of a `fieldRef` of the downward API. Labels and annotations as a whole have the form that volumes show.
 * @throws Error on a path that the pod runner does not know
 */
export function fieldOf(pod: V1Pod, path: string, facts: PodFacts): string {
  const { metadata, spec } = pod;
  const one = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path);
  if (one?.[1] === 'labels') return metadata?.labels?.[one[2] ?? ''] ?? '';
  if (one !== null) return metadata?.annotations?.[one[2] ?? ''] ?? '';
  switch (path) {
    case 'metadata.name':
      return metadata?.name ?? '';
    case 'metadata.namespace':
      return metadata?.namespace ?? '';
    case 'metadata.uid':
      return metadata?.uid ?? '';
    case 'metadata.labels':
      return listed(metadata?.labels);
    case 'metadata.annotations':
      return listed(metadata?.annotations);
    case 'spec.nodeName':
      return facts.nodeName;
    case 'spec.serviceAccountName':
      return spec?.serviceAccountName ?? 'default';
    case 'status.podIP':
    case 'status.podIPs':
      return facts.podIp;
    case 'status.hostIP':
    case 'status.hostIPs':
      return facts.nodeAddress;
    default:
      throw new Error(`fieldRef ${path} is not known here`);
  }
}

const listed = (entries: Readonly<Record<string, string>> = {}): string =>
  Object.entries(entries)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}\n`)
    .join('');
