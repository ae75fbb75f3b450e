import { goldenCases, makeCertificate } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { routeLayoutNames } from '../core/route-layouts.ts';
import { goldenInput } from '../testing/golden-input.ts';
import { Rig } from '../testing/rig.ts';
import { openSecrets, sealFor, testSealingKey } from '../testing/seal.ts';

const cases = goldenCases(new URL('../../testdata', import.meta.url).pathname);

test.each(cases.flatMap((golden) => routeLayoutNames.map((layout) => ({ ...golden, layout }))))(
  'the real Envoy takes all of golden $name, $layout',
  async ({ input, layout }) => {
    const { resources } = goldenInput(input);
    await using rig = new Rig({ sealingKey: testSealingKey, layout });
    const pair = await makeCertificate({ dnsNames: ['shop.example'] });
    const secrets = await openSecrets(rig.log);
    for (const resource of resources)
      if (resource.kind === 'certificate') await sealFor(secrets, resource, pair);
    await rig.startServer();
    const envoy = await rig.startEnvoy();
    await rig.apply(resources);
    expect(await rig.rejections()).toEqual([]);
    const stats = await envoy.stats('listener_manager');
    const listeners = resources.filter((resource) => resource.kind === 'listener').length;
    expect(stats['listener_manager.total_listeners_active']).toBe(listeners);
    expect(envoy.process.log()).not.toMatch(/deprecated/i);
  },
);
