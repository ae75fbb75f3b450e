// What a gRPC client sees of an answer that the data plane gives by itself: the status of gRPC that stands for a status of
// HTTP, as Envoy 1.40 writes it and as clients read it (gRPC over HTTP2, http-grpc-status-mapping).
import type { Explanation } from './explanation.ts';

const names: Readonly<Record<number, string>> = {
  400: 'INTERNAL',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'UNIMPLEMENTED',
  429: 'UNAVAILABLE',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'UNAVAILABLE',
};

/** The name of the status of gRPC, for a status of HTTP that is no success. */
export function grpcStatusOf(status: number): string {
  return names[status] ?? 'UNKNOWN';
}

/**
 * Whether the request is meant for gRPC: it says so itself, or it is taken by a GRPCRoute, or by nothing at a hostname that
 * only GRPCRoutes have.
 */
export function isGrpc(
  { candidates }: Pick<Explanation, 'candidates'>,
  headers: readonly (readonly [name: string, value: string])[],
): boolean {
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  if (/^application\/grpc($|[+;])/i.test(type.trim())) return true;
  const winner = candidates.find(({ verdict }) => verdict.type === 'won');
  const deciding = winner === undefined ? candidates : [winner];
  return deciding.length > 0 && deciding.every(({ source }) => source.kind === 'GRPCRoute');
}
