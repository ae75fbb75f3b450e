// A process that hangs (SIGSTOP) is worse than one that is gone: its connections stay open. Traffic goes on, the status
// does not say what is not so, and when it goes on, what was changed meanwhile is served.
import { LoadGenerator, request, until } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { condition, gateway, httpListener, httpRoute, path, rule } from '../../harness/objects.ts';
import type { ProcessName } from '../../harness/sluice.ts';
import { useSluice } from '../../harness/use-sluice.ts';

const route = (at: string) =>
  httpRoute('changing', { parent: 'edge', rules: [rule('one', { matches: [path('PathPrefix', at)] })] });

const world = useSluice({
  backends: ['one'],
  manifests: () => ({
    'gateway.yaml': gateway('edge'),
    'steady.yaml': httpRoute('steady', {
      parent: 'edge',
      rules: [rule('one', { matches: [path('PathPrefix', '/steady')] })],
    }),
  }),
});

/** Generation of the Gateway, the one that its Programmed is about, and what that says. */
async function programmed() {
  const edge = await world().sluice.find('gateways', 'edge');
  const found = condition(edge?.status?.conditions, 'Programmed');
  return { ...found, isCurrent: found?.observedGeneration === edge?.metadata.generation };
}

let port = 8080;

describe.each<[ProcessName]>([['xds-server'], ['translator'], ['nats']])('%s hangs', (name) => {
  it('and traffic goes on, the status stays true, and the change is served once it goes on', async () => {
    const { sluice } = world();
    const target = await sluice.target('edge', 80);
    await using load = new LoadGenerator({ ...target, path: '/steady', ratePerSecond: 50, maxSeconds: 110 });
    const pid = sluice.pid(name);
    const at = `/while-${name}-hangs`;
    port += 1;
    process.kill(pid, 'SIGSTOP');
    try {
      sluice.write({
        'gateway.yaml': gateway('edge', [httpListener(), httpListener({ name: 'other', port })]),
        'changing.yaml': route(at),
      });
      const answered = load.answered;
      await until(() => load.answered > answered + 200, { message: '200 answers' });
      expect((await request({ ...target, path: at })).status).toBe(404);
      if (name !== 'nats') {
        const told = await programmed();
        expect(told.status === 'True' && told.isCurrent, JSON.stringify(told)).toBe(false);
      }
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await until(async () => (await request({ ...target, path: at })).status === 200, {
      message: `the change that was made while ${name} hung`,
    });
    await until(
      async () => {
        const { status, isCurrent } = await programmed();
        return status === 'True' && isCurrent;
      },
      { intervalMs: 250, message: 'the Gateway to be programmed' },
    );
    expect((await load.stop()).failures).toEqual([]);
  });
});

it('the whole log still holds together', async () => {
  const { code, output } = await world().sluice.cli('replay', '--verify');
  expect(output).not.toMatch(/damage/i);
  expect(code, output).toBe(0);
});
