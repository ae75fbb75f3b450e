// docs/guides/explain.md as it stands there: the manifests are run, the command is typed, the output is compared.
import { readFileSync } from 'node:fs';
import { type EchoRequest, request, until } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { useSluice } from '../../harness/use-sluice.ts';

const guide = readFileSync(new URL('../../../docs/guides/explain.md', import.meta.url), 'utf8');
const [, manifests = ''] = /```yaml\n(.*?)```/s.exec(guide) ?? [];
const [[, typed = '', shown = ''] = [], [, typedById = '', shownById = ''] = []] = guide.matchAll(
  /```console\n\$ sluice ([^\n]*)\n(.*?)```/gs,
);

const world = useSluice({ backends: ['web', 'cart'], manifests: () => ({ 'shop.yaml': manifests }) });

/** Puts one value for what differs from run to run, and one space for the width of a column. */
function plain(output: string): string[] {
  return output
    .trimEnd()
    .replace(/revision \d+-\d+/g, 'revision N')
    .replace(/FACTS \d+/g, 'FACTS N')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/ \(bound to \d+\)/, '')
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID')
    .replace(/\d+ ms/g, 'N ms')
    .replace(/127\.\d+\.\d+\.\d+(:\d+)?/g, 'ADDRESS')
    .replace(/ +/g, ' ')
    .split('\n');
}

describe('sluice explain', () => {
  it('says what the guide says', async () => {
    const { code, output } = await world().sluice.cli(...typed.split(' '));
    expect(plain(output)).toEqual(plain(shown));
    expect(code).toBe(0);
  });

  it('says what Envoy does, and since when', async () => {
    const { sluice } = world();
    const target = await sluice.target('edge', 80);
    const seen = await request({
      ...target,
      host: 'shop.example',
      path: '/cart/list',
      headers: { version: '2' },
    });
    expect(seen.json<EchoRequest>()).toMatchObject({ name: 'web', path: '/cart/list' });
    const url = `http://${target.address}:${target.port}/cart/list`;
    const arguments_ = ['explain', 'GET', url, '-H', 'Host: shop.example', '-H', 'Version: 2', '-o', 'json'];
    const now = JSON.parse((await sluice.cli(...arguments_)).stdout);
    expect(now.explanations).toMatchObject([
      {
        listener: { gateway: 'default/edge' },
        hostname: 'shop.example',
        outcome: { type: 'forward', path: '/cart/list', targets: [{ cluster: 'default/web/8080' }] },
        cause: { fact: { type: 'ObjectChanged', origin: expect.stringContaining('shop.yaml:') } },
      },
    ]);
    const seq: number = now.explanations[0].cause.fact.seq;
    const before = await sluice.cli(...arguments_, '--at', `${seq - 1}`);
    expect(before.output).not.toContain('default/web/8080');
  });

  it('ends with 1 where no route takes the request, and with 2 where it is none', async () => {
    const { sluice } = world();
    expect((await sluice.cli('explain', 'GET', 'http://nobody.example/')).code).toBe(1);
    expect((await sluice.cli('explain', 'GET', 'nobody')).code).toBe(2);
    expect((await sluice.cli('explain', 'GET', 'http://a/', '--at', 'yesterday')).code).toBe(2);
  });

  it('says which change served a request, as the guide says it', async () => {
    const { sluice } = world();
    const target = { ...(await sluice.target('edge', 80)), host: 'shop.example' };
    const seen = await request({
      ...target,
      path: '/cart/list?secret=1',
      headers: { 'x-request-id': 'mine' },
    });
    const id = String(seen.headers['x-request-id']);
    const { code, output } = await sluice.cli(...typedById.replace(/\S+$/, id).split(' '));
    expect(plain(output)).toEqual(plain(shownById));
    expect(code).toBe(0);
    const unknown = await sluice.cli('explain', '--request-id', 'mine');
    expect(unknown.code).toBe(2);
    expect(unknown.output).toContain('one that a client sends is replaced');
    expect(unknown.output).toContain('access.log');
  });

  it('believes the log where a header decided, and names what has changed the route since', async () => {
    const { sluice } = world();
    const target = { ...(await sluice.target('edge', 80)), host: 'shop.example' };
    const ask = async (path: string, headers: Record<string, string> = {}) =>
      String((await request({ ...target, path, headers })).headers['x-request-id']);
    const byHeader = await ask('/cart/list', { version: '2' });
    const byNobody = await request({ ...target, host: 'nobody.example', path: '/' });
    const changed = manifests.replaceAll('/cart', '/basket');
    sluice.write({ 'shop.yaml': changed });
    const moved = async () =>
      (await request({ ...target, path: '/basket' })).json<EchoRequest>().name === 'cart';
    await until(moved, { message: 'the changed route to be served' });
    const explain = async (id: string) => {
      const { code, stdout } = await sluice.cli('explain', '--request-id', id, '-o', 'json');
      return { code, ...JSON.parse(stdout) };
    };
    expect(await explain(byHeader)).toMatchObject({
      code: 0,
      record: { route: 'default/shop/2/0', path: '/cart/list', upstream_cluster: 'default/web/8080' },
      agrees: { answer: 'same' },
      explanation: { outcome: { type: 'forward', targets: [{ cluster: 'default/web/8080' }] } },
      since: {
        count: 1,
        newest: [{ fact: { type: 'ObjectChanged', what: expect.stringMatching(/shop\.yaml:13$/) } }],
      },
    });
    expect(await explain(String(byNobody.headers['x-request-id']))).toMatchObject({
      code: 1,
      record: { route: null, status: 404, details: 'route_not_found' },
      explanation: { outcome: { type: 'refused', cause: 'no-host' } },
    });
  });
});
