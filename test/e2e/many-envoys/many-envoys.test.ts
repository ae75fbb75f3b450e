// Several Envoys at one xds-server: one that hangs is named and not waited for, one that refuses harms no other.
import { describeIf, type RunningEnvoy, request, until } from '@sluice/testkit';
import { expect, it } from 'vitest';
import { condition, gateway, httpListener, httpRoute, path, rule } from '../../harness/objects.ts';
import { secondEnvoyMissing, startSecondEnvoy } from '../../harness/second-envoy.ts';
import { useSluice } from '../../harness/use-sluice.ts';

const missing = secondEnvoyMissing();
const route = (at: object) => httpRoute('route', { parent: 'edge', rules: [rule('one', { matches: [at] })] });

describeIf(missing)('of two Envoys', () => {
  const world = useSluice({
    backends: ['one'],
    env: { SLUICE_SILENT_MS: '6000' },
    manifests: () => ({ 'gateway.yaml': gateway('edge'), 'route.yaml': route(path('PathPrefix', '/old')) }),
  });
  const find = () => world().sluice.find('gateways', 'edge');
  const isProgrammed = (status: string, words: RegExp) =>
    until(
      async () => {
        const found = await find();
        const now = condition(found?.status?.conditions, 'Programmed');
        return (
          now?.status === status &&
          now.observedGeneration === found?.metadata.generation &&
          words.test(now.message)
        );
      },
      {
        intervalMs: 200,
        message: () => `Programmed ${status} with ${words}`,
      },
    );
  /** The routes in force, in whichever layout: plain tables or scopes. */
  const routes = async (envoy: RunningEnvoy) => {
    const { RoutesConfigDump, ScopedRoutesConfigDump } = await envoy.configDump();
    return JSON.stringify([RoutesConfigDump, ScopedRoutesConfigDump]);
  };
  const status = async (at: string) =>
    (await request({ ...(await world().sluice.target('edge', 80)), path: at })).status;

  it('one that hangs is named and not waited for; once it goes on it is waited for again', async () => {
    const { sluice } = world();
    await using second = await startSecondEnvoy(sluice, { nodeId: 'envoy-hangs' });
    await until(async () => (await sluice.cli('status')).output.includes('2 connected'), {
      intervalMs: 200,
      message: 'both Envoys to be connected',
    });
    process.kill(second.process.pid, 'SIGSTOP');
    try {
      sluice.write({
        'gateway.yaml': gateway('edge', [httpListener(), httpListener({ name: 'other', port: 8080 })]),
      });
      await isProgrammed('False', /waiting for Envoy envoy-hangs/);
      await isProgrammed('True', /silent and not waited for: envoy-hangs/);
      expect((await sluice.cli('status')).output).toMatch(/envoy-hangs is silent/);
    } finally {
      process.kill(second.process.pid, 'SIGCONT');
    }
    await isProgrammed('True', /^every connected Envoy has taken it$/);
    expect((await second.configDump()).ListenersConfigDump).toMatchObject({
      dynamic_listeners: [{}, {}],
    });
  });

  it('one that refuses a route keeps its last version and is named; the other serves the new one', async () => {
    const { sluice } = world();
    await using odd = await startSecondEnvoy(sluice, {
      nodeId: 'envoy-odd',
      runtime: { re2: { max_program_size: { error_level: 700 } } },
    });
    await until(async () => (await routes(odd)).includes('/old'), {
      message: 'the odd Envoy to have routes',
    });
    sluice.write({ 'route.yaml': route(path('RegularExpression', '/new/([0-9]{400}|[a-z]{900})?.*')) });
    await until(async () => (await status('/new/x')) === 200, { message: '/new' });
    await until(async () => (await sluice.cli('status')).output.includes('rejected/envoy-odd/'), {
      intervalMs: 200,
      message: 'the refusal in status',
    });
    const parent = (await sluice.find('httproutes', 'route'))?.status?.parents?.[0];
    expect(condition(parent?.conditions, 'Accepted')?.status).toBe('True');
    expect(JSON.stringify(parent?.conditions)).toContain('envoy-odd');
    expect(await routes(odd)).toContain('/old');
    expect(await status('/new/x')).toBe(200);
    sluice.write({ 'route.yaml': route(path('PathPrefix', '/mended')) });
    await until(async () => (await routes(odd)).includes('/mended'), {
      message: 'the mend',
    });
    await until(async () => !(await sluice.cli('status')).output.includes('envoy-odd'), {
      intervalMs: 200,
      message: 'the refusal to be over',
    });
  });
});
