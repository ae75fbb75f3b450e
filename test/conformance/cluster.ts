/** `npm run cluster`: a test cluster for people, until Ctrl-C. */
import { parseArgs } from 'node:util';
import { clusterUnavailable, kubernetesVersion, startCluster } from '@sluice/testkit/cluster';
import { conformanceImages } from './images.ts';

const usage = `npm run cluster [-- OPTION…]
  Starts a Kubernetes ${kubernetesVersion} control plane with one node, and prints how to use it. Ctrl-C ends it.
  --channel NAME   CRDs of the Gateway API: standard (default), experimental or none
  --no-pods        the API server alone, without a node
  --help           this text
`;

const channels = ['standard', 'experimental', 'none'] as const;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      channel: { type: 'string', default: 'standard' },
      pods: { type: 'boolean', default: true },
      help: { type: 'boolean', default: false },
    },
    allowNegative: true,
  });
  if (values.help) return void process.stdout.write(usage);
  const channel = channels.find((name) => name === values.channel);
  if (channel === undefined) throw new Error(`--channel ${values.channel}: there is ${channels.join(', ')}`);
  const missing = clusterUnavailable();
  if (missing !== undefined) throw new Error(missing);
  const pods = values.pods ? { pods: { images: await conformanceImages() } } : {};
  await using cluster = await startCluster({ channel, ...pods });
  const inside = `nsenter --net=${cluster.netns}`;
  process.stdout.write(`Kubernetes ${kubernetesVersion} at ${cluster.server}

  export KUBECONFIG=${cluster.kubeconfig}
  kubectl get namespaces                        # kubectl is not part of this: any of 1.32 or newer
  ${inside} curl http://ADDRESS/    # Pods and Services are reached from inside its network
  logs of the parts: ${cluster.dir}/logs

Ctrl-C ends it and removes all of it.
`);
  await ended();
  process.stdout.write('\nending the cluster\n');
}

/** Resolves at the first signal that asks this process to end. */
function ended(): Promise<void> {
  const alive = setInterval(() => undefined, 60_000);
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => {
        clearInterval(alive);
        resolve();
      });
  });
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
