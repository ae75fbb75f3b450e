import { expect, it } from 'vitest';
import { Health } from './health.ts';

it('is not ready without any check, ready when all hold, and names what does not', () => {
  const health = new Health();
  expect(health.readiness().ready).toBe(false);
  health.set('log', true);
  expect(health.readiness()).toMatchObject({ ready: true, failing: [] });
  health.set('state', false, 'rebuilding');
  health.set('envoy', false);
  expect(health.readiness()).toMatchObject({ ready: false, failing: ['envoy', 'state'] });
  health.set('state', true);
  health.remove('envoy');
  expect(health.readiness()).toEqual({
    ready: true,
    checks: [
      { name: 'log', ok: true, detail: '' },
      { name: 'state', ok: true, detail: '' },
    ],
    failing: [],
    degraded: [],
  });
});

it('is ready where a check is degraded, and says so', () => {
  const health = new Health();
  health.degrade('log', 'no connection');
  expect(health.readiness()).toEqual({
    ready: true,
    checks: [{ name: 'log', ok: true, detail: 'no connection', degraded: true }],
    failing: [],
    degraded: ['log'],
  });
  health.set('log', true);
  expect(health.readiness().degraded).toEqual([]);
});
