import { expect, it } from 'vitest';
import { createRegistry, registerLag } from './metrics.ts';

it('shows the lag of each stream, never below 0, and leaves out what the log does not answer for', async () => {
  const registry = createRegistry('unit', '1');
  let silent = false;
  registerLag(registry, {
    FACTS: { newest: async () => 12, done: () => 10 },
    IR: { newest: async () => 3, done: () => 5 },
    ACKS: {
      newest: () => (silent ? Promise.reject(new Error('no answer')) : Promise.resolve(1)),
      done: () => 0,
    },
  });
  const lag = async () =>
    (await registry.metrics()).split('\n').filter((line) => line.startsWith('sluice_log_lag_events{'));
  expect(await lag()).toEqual([
    'sluice_log_lag_events{stream="FACTS"} 2',
    'sluice_log_lag_events{stream="IR"} 0',
    'sluice_log_lag_events{stream="ACKS"} 1',
  ]);
  silent = true;
  expect(await lag()).toEqual([
    'sluice_log_lag_events{stream="FACTS"} 2',
    'sluice_log_lag_events{stream="IR"} 0',
  ]);
});

it('a log that does not answer holds no scrape back', async () => {
  const registry = createRegistry('unit', '1');
  registerLag(registry, { IR: { newest: () => new Promise(() => {}), done: () => 1 } });
  expect(await registry.metrics()).not.toContain('stream="IR"');
});
