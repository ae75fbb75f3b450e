// Random Pods with host ports: few names, nodes and ports, so that they and the node ports of Services meet.
import fc from 'fast-check';

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

/** A manifest. */
export const anyPod = fc
  .record({
    name: fc.constantFrom('web', 'other', 'third'),
    namespace: fc.constantFrom('default', 'other'),
    nodeName: fc.constantFrom('n1', 'n1', 'n2'),
    hostPort: fc.constantFrom(80, 30_080),
    hostIP: optional(fc.constantFrom('192.0.2.1', '192.0.2.2')),
    protocol: fc.constantFrom('TCP', 'TCP', 'UDP'),
    phase: optional(fc.constantFrom('Running', 'Failed')),
    createdAt: fc.constantFrom('', '2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z'),
  })
  .map(({ name, namespace: ns, nodeName, createdAt: created, phase, hostIP, ...port }) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: ns, creationTimestamp: created },
    spec: {
      nodeName,
      containers: [
        { name, ports: [{ ...port, containerPort: 8080, ...(hostIP === undefined ? {} : { hostIP }) }] },
      ],
    },
    status: { podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }], ...(phase === undefined ? {} : { phase }) },
  }));
