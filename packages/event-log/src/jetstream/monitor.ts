// The monitoring endpoint of a NATS server.
import { once } from 'node:events';
import { get } from 'node:http';
import { get as getOverTls } from 'node:https';
import { json } from 'node:stream/consumers';

/** Longest wait for an answer, milliseconds. */
const answerMs = 5_000;

/**
 * The JSON that the monitoring endpoint answers. The platform's `fetch` would do, but loading it costs each process 15 MiB.
 * @param url with http: or https:
 * @throws Error where nobody answers in 5 s, for any status but 200 and for what is no JSON
 */
export async function readMonitor(url: URL): Promise<unknown> {
  const ask = url.protocol === 'https:' ? getOverTls : get;
  const request = ask(url, { agent: false, signal: AbortSignal.timeout(answerMs) });
  const [response] = await once(request, 'response');
  if (response.statusCode !== 200) {
    response.destroy();
    throw new Error(`the answer has status ${String(response.statusCode)}`);
  }
  return json(response);
}
