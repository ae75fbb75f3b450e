// Services that run twice: any xds-server will do for an Envoy, and a standing translator takes over.
import { LoadGenerator, request, until } from '@sluice/testkit';
import { expect, it } from 'vitest';
import { type Figures, metricsOf, total } from '../../harness/metrics.ts';
import { gateway, httpRoute, path, rule } from '../../harness/objects.ts';
import { useSluice } from '../../harness/use-sluice.ts';

const world = useSluice({
  backends: ['one'],
  args: ['--replicas', 'xds-server=2', '--replicas', 'translator=2'],
  manifests: () => ({
    'gateway.yaml': gateway('edge'),
    'steady.yaml': httpRoute('steady', {
      parent: 'edge',
      rules: [rule('one', { matches: [path('PathPrefix', '/steady')] })],
    }),
  }),
});

const servers = ['xds-server', 'xds-server-1'] as const;
const figuresOf = (server: string): Promise<Figures> => metricsOf(world().sluice.dataDir, server);
const envoysOf = async (server: string) => total(await figuresOf(server), 'sluice_xds_envoys_connected');

async function load(): Promise<LoadGenerator> {
  return new LoadGenerator({
    ...(await world().sluice.target('edge', 80)),
    path: '/steady',
    maxSeconds: 100,
  });
}

let changes = 0;
/** A new route, waited for: the whole way from the file to Envoy works. */
async function changeIsServed(): Promise<void> {
  changes += 1;
  const at = `/change/${changes}`;
  const target = await world().sluice.target('edge', 80);
  world().sluice.write({
    'changing.yaml': httpRoute('changing', {
      parent: 'edge',
      rules: [rule('one', { matches: [path('PathPrefix', at)] })],
    }),
  });
  const served = async () => (await request({ ...target, path: at })).status === 200;
  await until(served, { message: `change ${changes} to be served` });
}

it('Envoy moves to the other xds-server when its own is killed: 0 resources sent, 0 requests failed', async () => {
  const { sluice } = world();
  const counts = await Promise.all(servers.map(envoysOf));
  expect(counts.toSorted()).toEqual([0, 1]);
  const [served, standby] = counts[0] === 1 ? servers : servers.toReversed();
  if (served === undefined || standby === undefined) throw new Error('there are two');
  await using running = await load();
  const before = await figuresOf(standby);
  await sluice.kill9(served);
  await until(async () => (await envoysOf(standby)) === 1, {
    message: `Envoy to come to ${standby}`,
  });
  await until(async () => (await sluice.find('gateways', 'edge'))?.status?.conditions?.every(isTrue), {
    intervalMs: 200,
    message: 'the Gateway to be programmed by the other',
  });
  for (const series of ['sluice_xds_resources_sent_total', 'sluice_xds_resources_removed_total'])
    expect(total(await figuresOf(standby), series), series).toBe(total(before, series));
  await changeIsServed();
  expect((await running.stop()).failures).toEqual([]);
});

function isTrue({ status }: { readonly status: string }): boolean {
  return status === 'True';
}

it.each([
  ['translator', 1],
  ['translator', 2],
])('a killed %s is followed by the one that stands by (%d): changes go on, nothing is doubled', async () => {
  const { sluice } = world();
  await using running = await load();
  await changeIsServed();
  await Promise.all([sluice.kill9('translator'), changeIsServed()]);
  await changeIsServed();
  await sluice.kill9('translator-1');
  await changeIsServed();
  expect((await running.stop()).failures).toEqual([]);
});

it('the log is whole, and the IR is what one translator alone makes of the facts', async () => {
  const { code, output } = await world().sluice.cli('replay', '--verify');
  expect(output).not.toMatch(/damage/i);
  expect(code).toBe(0);
});

it('no revision and no resource stands on the IR twice', async () => {
  const { stdout } = await world().sluice.cli('log', '--stream', 'IR', '-o', 'json');
  const events = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const last = new Map<string, string>();
  const doubled = events.filter((event) => {
    const subject = String(event.subject);
    const said = JSON.stringify(event.event ?? event.data);
    const same = last.get(subject) === said;
    last.set(subject, said);
    return same;
  });
  expect(events.length).toBeGreaterThan(10);
  expect(doubled).toEqual([]);
});
