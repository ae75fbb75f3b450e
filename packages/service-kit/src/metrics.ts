import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

export { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** A registry with the process's own figures (CPU, memory, event loop delay, garbage collection) and `sluice_build_info`. */
export function createRegistry(service: string, version: string): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const info = new Gauge({
    name: 'sluice_build_info',
    help: 'Always 1; the labels say what is running.',
    labelNames: ['service', 'version', 'node'],
    registers: [registry],
  });
  info.set({ service, version, node: process.version }, 1);
  return registry;
}
