/** `node main.ts CONFIG.json`: runs the Pods of one node, in the network and PID namespace that it is started in. */
import { readFileSync } from 'node:fs';
import { KubeConfig } from '@kubernetes/client-node';
import { runnerConfigSchema } from './config.ts';
import { serveKubelet } from './kubelet-server.ts';
import { LoadBalancer } from './load-balancer.ts';
import { registerNode } from './node.ts';
import { PodNetwork } from './pod-network.ts';
import { Pods } from './pods.ts';

const config = runnerConfigSchema.parse(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')));
const kubeConfig = new KubeConfig();
kubeConfig.loadFromFile(config.kubeconfig);
const network = new PodNetwork(config);
await network.setUp();
const pods = new Pods(kubeConfig, config, network);
await serveKubelet(pods, config);
await registerNode(kubeConfig, config);
await pods.follow();
await new LoadBalancer(kubeConfig, config).follow();
process.stdout.write('the pod runner serves\n');
