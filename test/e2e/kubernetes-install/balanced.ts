// A Service that asks for a balancing of each request, and a client of it.
import { z } from 'zod';
import { resultPrefix } from './world.ts';

/** It stands before the Pods of `echoBackend`. */
export const balancedService = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: {
    name: 'balanced',
    namespace: 'default',
    annotations: { 'service.sluice.io/lb-l7': 'enabled' },
  },
  spec: { selector: { app: 'echo' }, ports: [{ port: 80, targetPort: 3000 }] },
};

/** What a client got, one for each request on its connection. */
export const answersSchema = z.array(
  z.strictObject({
    /** Who answered. */
    pod: z.string(),
    /** The port that the client asked from. */
    from: z.int(),
    /** The client as Envoy saw it. */
    forwardedFor: z.string(),
  }),
);

/**
 * A program that asks twice on one connection, until both answers come by way of Envoy and from two Pods, which is its result. In the first
 * seconds of a Service Envoy may not know it yet, nor both of its Pods.
 */
export function askTwice(url: string): string {
  return `
    import { Agent, get } from 'node:http';
    const ask = (agent) => new Promise((resolve, reject) => {
      get(${JSON.stringify(url)}, { agent, timeout: 5_000 }, (response) => {
        const from = response.socket.localPort;
        let body = '';
        response.setEncoding('utf8').on('data', (text) => (body += text)).on('error', reject);
        response.on('end', () => {
          try {
            const { pod, headers } = JSON.parse(body);
            const byEnvoy = 'X-Request-Id' in headers;
            resolve({ byEnvoy, pod, from, forwardedFor: headers['X-Forwarded-For']?.join() ?? '' });
          } catch (error) {
            reject(error);
          }
        });
      }).on('error', reject).on('timeout', function () { this.destroy(new Error('no answer')); });
    });
    const tryIt = async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      try {
        const answers = [await ask(agent), await ask(agent)];
        const [one, two] = answers;
        if (one.byEnvoy && two.byEnvoy && one.from === two.from && one.pod !== two.pod)
          console.log(${JSON.stringify(resultPrefix)} + JSON.stringify(answers.map(({ byEnvoy, ...rest }) => rest)));
        else console.log(JSON.stringify(answers));
      } catch (error) {
        console.log(error.message);
      } finally {
        agent.destroy();
      }
    };
    // It goes on until its Pod is ended.
    for (;;) {
      await tryIt();
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  `;
}
