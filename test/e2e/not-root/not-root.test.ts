// `sluice up` of a user who may not bind low ports: 80 is 10080, and it says so wherever it is looked for.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeIf, type EchoRequest, request } from '@sluice/testkit';
import { expect, it } from 'vitest';
import { condition, gateway, httpListener, httpRoute, path, rule } from '../../harness/objects.ts';
import { useSluice } from '../../harness/use-sluice.ts';

const nobody = 65_534;
const firstFreePort = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
/** Some machines let everybody bind every port: there nothing is shifted. */
const offset = firstFreePort > 80 ? 10_000 : 0;

function missingHere(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can become another user';
  const program = fileURLToPath(new URL('../../../bin/sluice', import.meta.url));
  const user = [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', '--inh-caps=-all'];
  const { status, error, stderr } = spawnSync('setpriv', [...user, program, '--version'], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: '/nonexistent' },
  });
  return status === 0 ? undefined : `user ${nobody} cannot run sluice: ${error?.message ?? stderr.trim()}`;
}

describeIf(missingHere())('a user without rights', () => {
  const redirect = (at: string, requestRedirect: object) => ({
    matches: [path('PathPrefix', at)],
    filters: [{ type: 'RequestRedirect', requestRedirect }],
  });
  const world = useSluice({
    backends: ['one'],
    asUser: nobody,
    env: { HOME: '/nonexistent' },
    manifests: () => ({
      'gateway.yaml': gateway('edge', [httpListener(), httpListener({ name: 'high', port: 8080 })]),
      'route.yaml': httpRoute('route', {
        parent: 'edge',
        rules: [
          rule('one', { matches: [path('PathPrefix', '/')] }),
          redirect('/host', { hostname: 'shop.example' }),
          redirect('/secure', { scheme: 'https', hostname: 'shop.example' }),
        ],
      }),
    }),
  });

  it('is told where ports are, at the start and in status', async () => {
    const { sluice } = world();
    const address = await sluice.address('edge');
    expect(sluice.output()).toContain(
      offset === 0 ? `http://${address}/` : `http://${address}:${80 + offset}/`,
    );
    const words = offset === 0 ? 'ports below 1024 can be bound' : '80 is 10080, 443 is 10443';
    if (offset > 0) expect(sluice.output()).toContain('port 80 is 10080 and 443 is 10443');
    const { code, output } = await sluice.cli('status');
    expect(output).toContain(words);
    expect(code).toBe(0);
  });

  it('gets low ports shifted and high ones as they are', async () => {
    const address = await world().sluice.address('edge');
    for (const port of [80 + offset, 8080]) {
      const answer = await request({ address, port });
      expect(answer.json<EchoRequest>()).toMatchObject({ name: 'one' });
    }
    const found = await world().sluice.find('gateways', 'edge');
    expect(condition(found?.status?.conditions, 'Programmed')?.status).toBe('True');
  });

  it.each([
    ['/host', 'http://shop.example/host'],
    ['/secure', 'https://shop.example/secure'],
  ])('redirects speak of the port that the Gateway says: %s to %s', async (at, location) => {
    const answer = await request({
      address: await world().sluice.address('edge'),
      port: 80 + offset,
      path: at,
    });
    expect(answer.headers.location).toBe(location);
  });

  it('owns all that it has made, and ends clean', async () => {
    const { sluice } = world();
    expect(readFileSync(`/proc/${sluice.pid('envoy')}/status`, 'utf8')).toMatch(/^Uid:\s+65534\s/m);
    await sluice.stop();
  });
});
