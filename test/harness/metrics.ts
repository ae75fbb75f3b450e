import { join } from 'node:path';
import { Client } from 'undici';

/** Figures of a service by series: `name` or `name{label="value"}`, as Prometheus writes them. */
export type Figures = ReadonlyMap<string, number>;

/** Reads `/metrics` of a service on its Unix socket. @throws Error for any status but 200 */
export async function metricsOf(dataDir: string, service: string): Promise<Figures> {
  const client = new Client('http://service', { socketPath: join(dataDir, 'run', `${service}.http.sock`) });
  try {
    const answer = await client.request({ path: '/metrics', method: 'GET' });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`${service} answered ${answer.statusCode} to /metrics`);
    return parseMetrics(text);
  } finally {
    await client.destroy();
  }
}

/** Parses the text format of Prometheus; labels other than in the order of the text do not occur. */
export function parseMetrics(text: string): Figures {
  const figures = new Map<string, number>();
  for (const line of text.split('\n')) {
    const space = line.lastIndexOf(' ');
    if (line.startsWith('#') || space < 0) continue;
    figures.set(line.slice(0, space), Number(line.slice(space + 1)));
  }
  return figures;
}

/** Sum over all label values of a series. */
export function total(figures: Figures, name: string): number {
  let sum = 0;
  for (const [series, value] of figures) if (series === name || series.startsWith(`${name}{`)) sum += value;
  return sum;
}
