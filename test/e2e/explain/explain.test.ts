// docs/guides/explain.md as it stands there: the manifests are run, the command is typed, the output is compared.
import { readFileSync } from 'node:fs';
import { type EchoRequest, request } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { useSluice } from '../../harness/use-sluice.ts';

const guide = readFileSync(new URL('../../../docs/guides/explain.md', import.meta.url), 'utf8');
const [, manifests = ''] = /```yaml\n(.*?)```/s.exec(guide) ?? [];
const [, typed = '', shown = ''] = /```console\n\$ sluice ([^\n]*)\n(.*?)```/s.exec(guide) ?? [];

const world = useSluice({ backends: ['web', 'cart'], manifests: () => ({ 'shop.yaml': manifests }) });

/** Puts one value for what differs from run to run, and one space for the width of a column. */
function plain(output: string): string[] {
  return output
    .trimEnd()
    .replace(/revision \d+-\d+/g, 'revision N')
    .replace(/FACTS \d+/g, 'FACTS N')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/ \(bound to \d+\)/, '')
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
});
