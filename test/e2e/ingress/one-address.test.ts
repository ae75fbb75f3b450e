// An Ingress and a Gateway with an HTTPRoute that want one address: who has it keeps it, the other one is told by whom, and
// neither loses a request.
import { LoadGenerator, request, until } from '@sluice/testkit';
import { expect, it } from 'vitest';
import { condition, gateway, httpRoute, ingress, ingressPath, rule } from '../../harness/objects.ts';
import { useSluice } from '../../harness/use-sluice.ts';

const shop = ingress('shop', { rules: [{ http: { paths: [ingressPath('Prefix', '/', 'old')] } }] });
const world = useSluice({ backends: ['old', 'new'], manifests: () => ({ 'shop.yaml': [shop] }) });

it('the address stays with the Ingress, goes to the Gateway once it is free, and stays there', async () => {
  const { sluice } = world();
  const at = await sluice.ingressTarget('shop', 80);
  const wanted = gateway('edge', undefined, {
    spec: { addresses: [{ type: 'IPAddress', value: at.address }] },
  });
  const route = httpRoute('edge', { parent: 'edge', rules: [rule('new')] });
  await using load = new LoadGenerator({ ...at, path: '/', ratePerSecond: 100, maxSeconds: 60 });
  sluice.write({ 'edge.yaml': [wanted, route] });
  const told = await until(async () => {
    const { status } = (await sluice.find('gateways', 'edge')) ?? {};
    const found = condition(status?.conditions, 'Programmed');
    return found?.reason === 'AddressNotUsable' ? found.message : undefined;
  });
  expect(told).toContain('in use by Ingress/default/shop');
  const name = async () => (await request({ ...at, path: '/' })).json<{ name: string }>().name;
  expect(await name()).toBe('old');
  expect((await load.stop()).failed).toBe(0);
  sluice.write({ 'shop.yaml': null });
  await until(async () => (await name().catch(() => '')) === 'new');
  sluice.write({ 'shop.yaml': [shop] });
  const other = await sluice.ingressTarget('shop', 80);
  expect(other.address).not.toBe(at.address);
  expect([await name(), (await request({ ...other, path: '/' })).json<{ name: string }>().name]).toEqual([
    'new',
    'old',
  ]);
});
