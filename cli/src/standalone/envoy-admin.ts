import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { localRequest } from './local-http.ts';
import type { Health } from './process-spec.ts';

const listenersSchema = z.object({
  listener_statuses: z
    .array(
      z.object({
        local_address: z
          .object({ socket_address: z.object({ address: z.string(), port_value: z.int() }).optional() })
          .optional(),
        additional_local_addresses: z
          .array(
            z.object({ socket_address: z.object({ address: z.string(), port_value: z.int() }).optional() }),
          )
          .optional(),
      }),
    )
    .optional(),
});
const statsSchema = z.object({
  stats: z.array(z.object({ name: z.string().optional(), value: z.unknown() })),
});

/** Envoy's own word on itself, over its admin socket. */
export class EnvoyAdmin {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  /** Ready when Envoy has its first configuration. */
  async probe(): Promise<Health> {
    try {
      const answer = await localRequest({ at: { socket: this.#socket }, path: '/ready' });
      return answer.status === 200
        ? { ok: true, detail: '' }
        : { ok: false, detail: answer.body.trim().toLowerCase() };
    } catch {
      return { ok: false, detail: 'admin socket does not answer' };
    }
  }

  /** `address:port` of everything it listens on. */
  async listening(): Promise<Set<string>> {
    const answer = await localRequest({ at: { socket: this.#socket }, path: '/listeners?format=json' });
    const { listener_statuses: listeners = [] } = listenersSchema.parse(JSON.parse(answer.body));
    const addresses = listeners.flatMap((listener) => [
      listener.local_address,
      ...(listener.additional_local_addresses ?? []),
    ]);
    return new Set(
      addresses.flatMap((address) =>
        address?.socket_address === undefined
          ? []
          : [`${address.socket_address.address}:${address.socket_address.port_value}`],
      ),
    );
  }

  /** Requests that it is answering now. */
  async activeRequests(): Promise<number> {
    const filter = encodeURIComponent('^http\\..*\\.downstream_rq_active$');
    const answer = await localRequest({
      at: { socket: this.#socket },
      path: `/stats?format=json&filter=${filter}`,
    });
    const { stats } = statsSchema.parse(JSON.parse(answer.body));
    return stats.reduce((sum, stat) => {
      const own = stat.name === undefined || stat.name.startsWith('http.admin.');
      return sum + (own || typeof stat.value !== 'number' ? 0 : stat.value);
    }, 0);
  }

  /**
   * Lets running requests end: connections are closed after their next answer, then no new ones are taken.
   * Resolves when no request runs any more, after `timeoutMs`, or when Envoy does not answer.
   */
  async drain(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    try {
      await localRequest({ at: { socket: this.#socket }, path: '/healthcheck/fail', method: 'POST' });
      await this.#untilIdle(deadline);
      await localRequest({ at: { socket: this.#socket }, path: '/drain_listeners', method: 'POST' });
      await this.#untilIdle(deadline);
    } catch {
      // An Envoy that does not answer has nothing left to drain.
    }
  }

  async #untilIdle(deadline: number): Promise<void> {
    while ((await this.activeRequests()) > 0 && performance.now() < deadline) await delay(50);
  }
}
