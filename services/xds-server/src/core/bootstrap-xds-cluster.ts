// The part of Envoy's bootstrap that says where xds-server is and how the two know each other.

/** xds-server behind Unix sockets that only their owner may open. */
export interface XdsBySocket {
  /** Path of xds-server's Unix socket. */
  readonly xdsSocket: string;
  /** Paths of further replicas' sockets: Envoy takes any that answers, and another one when that goes. */
  readonly moreXdsSockets?: readonly string[];
  readonly xdsTls?: undefined;
}

/** xds-server behind a name, with mutual TLS 1.3. */
export interface XdsByTls {
  readonly xdsTls: {
    /** DNS name with the addresses of all replicas; the server's certificate must bear it. */
    readonly host: string;
    readonly port: number;
    /** Holds tls.crt, tls.key and ca.crt as a mounted Secret does; a replaced set is taken at once. */
    readonly tlsDirectory: string;
    /** Holds the files of `xdsSecretFiles`. */
    readonly configDirectory: string;
  };
  readonly xdsSocket?: undefined;
}

export type XdsAddress = XdsBySocket | XdsByTls;

const secretFiles = { identity: 'xds-identity.json', authority: 'xds-authority.json' } as const;
const tlsParameters = { tls_minimum_protocol_version: 'TLSv1_3', tls_maximum_protocol_version: 'TLSv1_3' };

/** The cluster `sluice-xds`. */
export function xdsCluster(address: XdsAddress) {
  const endpoints =
    address.xdsTls === undefined
      ? [address.xdsSocket, ...(address.moreXdsSockets ?? [])].map((path) => ({ pipe: { path } }))
      : [{ socket_address: { address: address.xdsTls.host, port_value: address.xdsTls.port } }];
  return {
    name: 'sluice-xds',
    ...(address.xdsTls === undefined ? { type: 'STATIC' } : { type: 'STRICT_DNS', dns_lookup_family: 'ALL' }),
    connect_timeout: '2s',
    load_assignment: {
      cluster_name: 'sluice-xds',
      endpoints: [{ lb_endpoints: endpoints.map((endpoint) => ({ endpoint: { address: endpoint } })) }],
    },
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        explicit_http_config: {
          http2_protocol_options: { connection_keepalive: { interval: '10s', timeout: '5s' } },
        },
      },
    },
    ...(address.xdsTls === undefined ? {} : { transport_socket: transportSocket(address.xdsTls) }),
  };
}

function transportSocket({ host, tlsDirectory, configDirectory }: XdsByTls['xdsTls']) {
  const secret = (name: keyof typeof secretFiles) => ({
    name: `xds-${name}`,
    sds_config: {
      resource_api_version: 'V3',
      path_config_source: {
        path: `${configDirectory}/${secretFiles[name]}`,
        watched_directory: { path: tlsDirectory },
      },
    },
  });
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
      sni: host,
      common_tls_context: {
        tls_params: tlsParameters,
        alpn_protocols: ['h2'],
        tls_certificate_sds_secret_configs: [secret('identity')],
        validation_context_sds_secret_config: secret('authority'),
      },
    },
  };
}

/** Files that stand in `configDirectory`, by name: they tell Envoy which files hold the keys, and to read them again. */
export function xdsSecretFiles({ host, tlsDirectory }: XdsByTls['xdsTls']): Record<string, string> {
  const file = (name: string) => ({ filename: `${tlsDirectory}/${name}` });
  const watched = { watched_directory: { path: tlsDirectory } };
  const identity = { certificate_chain: file('tls.crt'), private_key: file('tls.key'), ...watched };
  const authority = {
    trusted_ca: file('ca.crt'),
    match_typed_subject_alt_names: [{ san_type: 'DNS', matcher: { exact: host } }],
    ...watched,
  };
  return {
    [secretFiles.identity]: secretFile({ name: 'xds-identity', tls_certificate: identity }),
    [secretFiles.authority]: secretFile({ name: 'xds-authority', validation_context: authority }),
  };
}

function secretFile(secret: object): string {
  const type = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret';
  return `${JSON.stringify({ resources: [{ '@type': type, ...secret }] }, null, 2)}\n`;
}
