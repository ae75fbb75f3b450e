// A Service that needs more room in the maps of a node than there is.

/** Ports of it; each has source ranges of its own in the kernel. */
const ports = 40;

/**
 * A Service of type LoadBalancer, before the Pods of `echoBackend`.
 * @param ranges from which it may be reached, at most 65,536; the maps hold 65,536 for all ports of all Services
 */
export function wideService(name: string, ranges: number) {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: {
      type: 'LoadBalancer',
      allocateLoadBalancerNodePorts: false,
      selector: { app: 'echo' },
      ports: Array.from({ length: ports }, (_, n) => ({ name: `p${n}`, port: 9000 + n, targetPort: 3000 })),
      loadBalancerSourceRanges: Array.from({ length: ranges }, (_, n) => `10.1.${n >> 8}.${n & 255}/32`),
    },
  };
}
