/** Starts a cluster, prints its address, and never ends by itself. */
import { startCluster } from './index.ts';

const cluster = await startCluster({ channel: 'none' });
process.stdout.write(`${cluster.server}\n`);
setInterval(() => undefined, 60_000);
