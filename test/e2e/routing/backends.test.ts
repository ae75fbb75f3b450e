// What happens between a rule and its backends: weights, timeouts, references that lead nowhere.
import { type EchoRequest, request, until } from '@sluice/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { backendRef, gateway, httpRoute, path, rule } from '../../harness/objects.ts';
import { useSluice } from '../../harness/use-sluice.ts';

const slow = (at: string, timeouts: object) => rule('slow', { matches: [path('PathPrefix', at)], timeouts });

const world = useSluice({
  backends: ['heavy', 'light', 'never', 'slow'],
  manifests: () => ({
    'gateway.yaml': gateway('edge'),
    'split.yaml': httpRoute('split', {
      parent: 'edge',
      rules: [
        {
          matches: [path('PathPrefix', '/split')],
          backendRefs: [
            backendRef('heavy', { weight: 75 }),
            backendRef('light', { weight: 25 }),
            backendRef('never', { weight: 0 }),
          ],
        },
        { matches: [path('PathPrefix', '/zero')], backendRefs: [backendRef('never', { weight: 0 })] },
        {
          matches: [path('PathPrefix', '/half')],
          backendRefs: [backendRef('heavy', { weight: 50 }), backendRef('missing', { weight: 50 })],
        },
      ],
    }),
    'slow.yaml': httpRoute('slow', {
      parent: 'edge',
      rules: [
        slow('/request', { request: '300ms' }),
        slow('/backend', { request: '5s', backendRequest: '300ms' }),
        slow('/none', { request: '0s' }),
      ],
    }),
    'broken.yaml': httpRoute('broken', {
      parent: 'edge',
      rules: [
        rule('missing', { matches: [path('PathPrefix', '/missing')] }),
        rule('empty', { matches: [path('PathPrefix', '/empty')] }),
      ],
    }),
    'empty.yaml': {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'empty', namespace: 'default' },
      spec: { ports: [{ port: 8080 }] },
    },
  }),
});

afterEach(() => world().backend('slow').respond(undefined));

async function ask(at: string) {
  return request({ ...(await world().sluice.target('edge', 80)), path: at });
}

async function answers(at: string, count: number): Promise<Map<string, number>> {
  const target = await world().sluice.target('edge', 80);
  const takers = new Map<string, number>();
  for (let i = 0; i < count; i += 1) {
    const answer = await request({ ...target, path: at });
    const name = answer.status === 200 ? answer.json<EchoRequest>().name : String(answer.status);
    takers.set(name, (takers.get(name) ?? 0) + 1);
  }
  return takers;
}

/** Five standard deviations of a binomial distribution: one run in two million falls outside. */
const spread = (count: number, share: number) => 5 * Math.sqrt(count * share * (1 - share));

describe('weights', () => {
  it('75/25 is kept within statistics, and weight 0 takes nothing', async () => {
    const count = 600;
    const takers = await answers('/split', count);
    expect([...takers.keys()].sort()).toEqual(['heavy', 'light']);
    expect(Math.abs((takers.get('heavy') ?? 0) - count * 0.75)).toBeLessThan(spread(count, 0.75));
  });

  it('all weights 0: answered 500', async () => {
    expect((await ask('/zero')).status).toBe(500);
  });

  it('the share of a reference that leads nowhere is answered 500', async () => {
    const count = 200;
    const takers = await answers('/half', count);
    expect([...takers.keys()].sort()).toEqual(['500', 'heavy']);
    expect(Math.abs((takers.get('500') ?? 0) - count / 2)).toBeLessThan(spread(count, 0.5));
  });
});

describe('timeouts', () => {
  it.each(['/request', '/backend'])('a backend that does not answer in time: 504 for %s', async (at) => {
    world()
      .backend('slow')
      .respond(() => ({ instead: 'hang' }));
    expect((await ask(at)).status).toBe(504);
  });

  it.each(['/request', '/backend', '/none'])(
    'one that does answer is not touched: 200 for %s',
    async (at) => {
      expect((await ask(at)).status).toBe(200);
    },
  );

  it('0 s is no limit', async () => {
    world()
      .backend('slow')
      .respond(() => ({ delayMs: 700 }));
    expect((await ask('/none')).status).toBe(200);
  });
});

describe('an answer that Envoy gives by itself says why', () => {
  it.each([
    ['/missing', 500, /backend|reference|Service/i],
    ['/empty', 503, /endpoint|healthy/i],
    ['/nowhere', 404, /route/i],
  ])('%s is answered %d', async (at, status, words) => {
    const answer = await ask(at);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatch(words);
  });

  it('a backend that breaks the connection: 502 or 503, with the reason', async () => {
    world()
      .backend('slow')
      .respond(() => ({ instead: 'reset' }));
    const answer = await ask('/none');
    expect([502, 503]).toContain(answer.status);
    expect(answer.body).toMatch(/reset|disconnect|connection/i);
  });

  it('is heard by nobody else: the healthy rules still answer', async () => {
    const takers = await until(() => answers('/split', 20));
    expect(takers.has('503')).toBe(false);
  });
});
