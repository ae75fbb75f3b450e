/** A port of a Service, and where its endpoints listen. */
export interface PortSetup {
  readonly port: number;
  readonly targetPort: number;
  readonly protocol?: 'TCP' | 'UDP';
  readonly nodePort?: number;
}

export interface EndpointSetup {
  readonly address: string;
  /** Of an EndpointSlice; undefined: on none of the cluster. */
  readonly node?: string;
  readonly zone?: string;
  readonly hints?: object;
  /** Of an EndpointSlice; default: ready. */
  readonly conditions?: {
    readonly ready: boolean;
    readonly serving?: boolean;
    readonly terminating?: boolean;
  };
}

/** A Service and its EndpointSlices, one for each family of its endpoints. */
export function serviceWith(
  name: string,
  ports: readonly PortSetup[],
  of: {
    readonly endpoints: readonly EndpointSetup[];
    readonly spec?: object;
    readonly annotations?: object;
    readonly labels?: object;
  },
): object[] {
  const { endpoints, spec = {}, annotations = {}, labels = {} } = of;
  const portName = ({ port, protocol = 'TCP' }: PortSetup) => `${protocol.toLowerCase()}-${port}`;
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default', annotations, labels },
    spec: { type: 'ClusterIP', ports: ports.map((port) => ({ name: portName(port), ...port })), ...spec },
  };
  const slices = (['IPv4', 'IPv6'] as const).map((addressType) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-${addressType.toLowerCase()}`,
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': name },
    },
    addressType,
    ports: ports.map((port) => ({
      name: portName(port),
      port: port.targetPort,
      protocol: port.protocol ?? 'TCP',
    })),
    endpoints: endpoints
      .filter(({ address }) => address.includes(':') === (addressType === 'IPv6'))
      .map(({ address, node, zone, hints, conditions = { ready: true } }) => ({
        addresses: [address],
        ...(node === undefined ? {} : { nodeName: node }),
        ...(zone === undefined ? {} : { zone }),
        ...(hints === undefined ? {} : { hints }),
        conditions,
      })),
  }));
  return [service, ...slices.filter(({ endpoints: own }) => own.length > 0)];
}
