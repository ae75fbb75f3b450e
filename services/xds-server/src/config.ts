// Environment of xds-server.
import { commonConfig, integer, listenAddress, SluiceError } from '@sluice/service-kit';
import { z } from 'zod';
import type { AdsEndpoint } from './adapters/ads-endpoint.ts';
import { defaultRouteLayout, routeLayoutNames } from './core/route-layouts.ts';

/** All variables that xds-server reads. */
export const configSchema = z.object({
  ...commonConfig,
  SLUICE_XDS_LISTEN: listenAddress().meta({
    description: 'Where Envoys connect: a socket, made with mode 0600, or host:port with SLUICE_XDS_TLS_DIR',
    example: 'unix:/run/sluice/xds.sock',
  }),
  SLUICE_XDS_TLS_DIR: z.string().optional().meta({
    description:
      'Directory with tls.crt, tls.key and ca.crt for host:port; read again when they change. Envoys show a certificate of that authority with the URI spiffe://…/sluice/envoy',
    example: '/etc/sluice/xds-tls',
  }),
  SLUICE_STATE_FILE: z.string().min(1).meta({
    description: 'SQLite file with the last good state; may be deleted, then it is rebuilt from the log',
    example: '/var/lib/sluice/xds.sqlite',
  }),
  SLUICE_SECRET_KEY_FILE: z.string().optional().meta({
    description:
      'Key that opens sealed secrets (32 bytes, mode 0600); without it no HTTPS listener is served',
    example: '/etc/sluice/secret.key',
  }),
  SLUICE_TRUSTED_HOPS: integer(0, 32).prefault('0').meta({
    description: 'Proxies in front of Envoy whose X-Forwarded-For is believed',
    example: '1',
  }),
  SLUICE_ROUTE_LAYOUT: z.enum(routeLayoutNames).prefault(defaultRouteLayout).meta({
    description: 'How routes are cut into Envoy resources; see docs/adr/0011',
    example: 'plain',
  }),
  SLUICE_DRAIN_MS: integer(0, 3_600_000).prefault('5000').meta({
    description: 'Milliseconds from the last use of a backend by routes to its removal',
    example: '5000',
  }),
  SLUICE_SILENT_MS: integer(100, 3_600_000).prefault('30000').meta({
    description: 'Milliseconds that an Envoy may owe an answer before it is named and not waited for',
    example: '30000',
  }),
});

/**
 * Where to listen.
 * @throws SluiceError `config-invalid` for a TCP address without keys: private keys go over it
 */
export function adsEndpoint(config: z.output<typeof configSchema>): AdsEndpoint {
  const { SLUICE_XDS_LISTEN: listen, SLUICE_XDS_TLS_DIR: tlsDirectory } = config;
  if (listen.kind === 'unix') return listen;
  if (tlsDirectory === undefined)
    throw new SluiceError(
      'config-invalid',
      'SLUICE_XDS_LISTEN is a TCP address, and private keys go over it',
      {
        hint: 'set SLUICE_XDS_TLS_DIR to a directory with tls.crt, tls.key and ca.crt, or listen on unix:/path',
      },
    );
  return { ...listen, tlsDirectory };
}
