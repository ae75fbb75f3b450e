// A client in a Pod that asks all the time, over a connection that it keeps and over new ones.
import { CoreV1Api } from '@kubernetes/client-node';
import { until } from '@sluice/testkit';
import type { Cluster } from '@sluice/testkit/cluster';
import { z } from 'zod';
import { waitMs } from './world.ts';

const countsSchema = z.strictObject({
  /** Requests that were answered with 200, by how they went. */
  fresh: z.int(),
  kept: z.int(),
  /** The first hundred that were not, once one of each kind was. */
  failures: z.array(z.strictObject({ how: z.string(), what: z.string() })),
});
/** What the client has seen so far. */
export type Counts = z.infer<typeof countsSchema>;

/** About twenty requests of each kind in a second. Each ten of them it says what it has seen. */
function program(url: string): string {
  return `
    import { Agent, get } from 'node:http';
    const counts = { fresh: 0, kept: 0, failures: [] };
    const ask = (how, agent) => new Promise((resolve) => {
      const failed = (what) => {
        // Before that nothing leads to the Service yet.
        const began = counts.fresh > 0 && counts.kept > 0;
        if (began && counts.failures.length < 100) counts.failures.push({ how, what: String(what) });
        resolve();
      };
      get(${JSON.stringify(url)}, { agent, timeout: 10_000 }, (response) => {
        response.resume().on('error', (error) => failed(error.code)).on('end', () => {
          if (response.statusCode !== 200) return failed(response.statusCode);
          counts[how] += 1;
          resolve();
        });
      }).on('error', (error) => failed(error.code)).on('timeout', function () { this.destroy(); });
    });
    const keeping = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let n = 1; ; n += 1) {
      await Promise.all([ask('kept', keeping), ask('fresh', new Agent())]);
      if (n % 10 === 0) console.log(JSON.stringify(counts));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  `;
}

/** Starts it as a Pod of `default`. */
export async function startStream(cluster: Cluster, name: string, url: string): Promise<void> {
  const args = ['--input-type=module', '-e', program(url)];
  await cluster.apply([
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'default', name },
      spec: { restartPolicy: 'Never', containers: [{ name: 'client', image: 'node.test/node:24', args }] },
    },
  ]);
}

/** Waits until so many more requests of each kind were answered than `since`, and says what the client has seen. */
export async function answeredSince(
  cluster: Cluster,
  name: string,
  of: { readonly since?: Counts; readonly more: number },
): Promise<Counts> {
  const core = cluster.kubeConfig.makeApiClient(CoreV1Api);
  const { since = { fresh: 0, kept: 0 }, more } = of;
  let last = '';
  return until(
    async () => {
      const log = await core.readNamespacedPodLog({ namespace: 'default', name, tailLines: 1 });
      last = log.trim();
      const counts = countsSchema.parse(JSON.parse(last));
      return counts.fresh >= since.fresh + more && counts.kept >= since.kept + more && counts;
    },
    { timeoutMs: waitMs, intervalMs: 250, message: () => `${more} more answers to Pod ${name}: ${last}` },
  );
}
