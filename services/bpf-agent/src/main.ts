// bpf-agent: IR → the maps of this node's kernel. Configuration, dependencies, run, stop.
import { hash } from 'node:crypto';
import { join } from 'node:path';
import { connectEventLog } from '@sluice/event-log';
import { hashWith } from '@sluice/ir';
import { logAddress, runService } from '@sluice/service-kit';
import { agentName } from './adapters/acknowledgements.ts';
import { Agent } from './adapters/agent.ts';
import { attachPoints } from './adapters/attach-points.ts';
import { FlowPublisher } from './adapters/flow-publisher.ts';
import { interfaceIndexes, interfacesOf, machineAddresses, nodeIps } from './adapters/node.ts';
import { configSchema, flowsOf, maglevSizeOf, nodeNameOf } from './config.ts';
import { startKernel } from './kernel/child-kernel.ts';
import { builtObject, libbpfPaths } from './kernel/places.ts';
import { createFlowMetrics } from './metrics.ts';

hashWith((data) => hash('sha256', data));
await runService({
  name: 'bpf-agent',
  configSchema,
  start: async ({ config, logger, registry, health, worked, fail }) => {
    health.degrade('log', 'not connected yet');
    const ips = nodeIps(config.SLUICE_NODE_IPS);
    const points = attachPoints(config.SLUICE_CGROUP, interfacesOf(config.SLUICE_INTERFACES, ips));
    const log = await connectEventLog({
      ...logAddress(config),
      name: 'bpf-agent',
      logger,
      background: true,
      onTraffic: worked,
      onConnection: ({ connected, reason }) =>
        connected ? health.set('log', true) : health.degrade('log', reason),
    });
    const kernel = startKernel({
      libbpf: libbpfPaths,
      object: builtObject,
      pinDirectory: join(config.SLUICE_BPF_PIN_DIR, agentName(nodeNameOf(config))),
      onDeath: ({ reason, waitMs }) => {
        logger.error({ reason, waitMs }, 'the kernel process ended, programs go on');
        agent.kernelRestarted();
      },
    });
    const agent = new Agent({
      log,
      kernel,
      points,
      node: {
        name: nodeNameOf(config),
        zone: config.SLUICE_ZONE,
        ...ips,
        tableSize: maglevSizeOf(config),
      },
      nodeAddresses: machineAddresses,
      podInterfaces: () => interfaceIndexes(config.SLUICE_POD_INTERFACES),
      flows: flowsOf(config),
      ...{ logger, registry, health, fail },
    });
    agent.start();
    const counted = createFlowMetrics(registry);
    const flows = new FlowPublisher({ log, kernel, node: nodeNameOf(config), counted });
    flows.start();
    return {
      stop: async () => {
        await agent.stop();
        await kernel.close();
        await flows.stop();
        await log.close();
      },
    };
  },
});
