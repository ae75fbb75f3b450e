// TLS to the endpoints of a cluster: whom to trust, and which names the certificate must hold.
import { create } from '@bufbuild/protobuf';
import {
  type TransportSocket,
  TransportSocketSchema,
} from '@sluice/envoy-api/envoy/config/core/v3/base_pb.js';
import {
  SubjectAltNameMatcher_SanType,
  TlsParameters_TlsProtocol,
} from '@sluice/envoy-api/envoy/extensions/transport_sockets/tls/v3/common_pb.js';
import { UpstreamTlsContextSchema } from '@sluice/envoy-api/envoy/extensions/transport_sockets/tls/v3/tls_pb.js';
import type { IrCluster, IrClusterTls } from '@sluice/ir';
import { pack, stringMatcher } from './messages.ts';

type Verified = Extract<IrClusterTls, { type: 'verified' }>;

/** The authorities that the machine of Envoy trusts; Envoy's images and Debian keep them there. */
const systemAuthorities = '/etc/ssl/certs/ca-certificates.crt';

/** The transport socket of a cluster with TLS. */
export function upstreamTls(tls: Verified, protocol: IrCluster['protocol']): TransportSocket {
  return create(TransportSocketSchema, {
    name: 'envoy.transport_sockets.tls',
    configType: {
      case: 'typedConfig',
      value: pack(UpstreamTlsContextSchema, {
        sni: tls.sni,
        commonTlsContext: {
          alpnProtocols: [protocol === 'h2c' ? 'h2' : 'http/1.1'],
          tlsParams: { tlsMinimumProtocolVersion: TlsParameters_TlsProtocol.TLSv1_2 },
          validationContextType: {
            case: 'validationContext',
            value: {
              trustedCa: {
                specifier:
                  tls.caPem === null
                    ? { case: 'filename', value: systemAuthorities }
                    : { case: 'inlineString', value: tls.caPem },
              },
              matchTypedSubjectAltNames: tls.names.map(nameMatcher),
            },
          },
        },
      }),
    },
  });
}

function nameMatcher({ type, value }: Verified['names'][number]) {
  const wild = type === 'dns' && value.startsWith('*.');
  const match = wild
    ? ({ type: 'regex', value: `[^.]+${value.slice(1).replaceAll('.', '\\.')}` } as const)
    : ({ type: 'exact', value } as const);
  return {
    sanType: type === 'uri' ? SubjectAltNameMatcher_SanType.URI : SubjectAltNameMatcher_SanType.DNS,
    matcher: stringMatcher(match),
  };
}
