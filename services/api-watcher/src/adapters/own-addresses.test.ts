import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryLog } from '@sluice/event-log';
import { until } from '@sluice/testkit';
import { expect, it } from 'vitest';
import { OwnAddresses } from './own-addresses.ts';
import { startWatcher } from './watcher.fixture.ts';

class CountedAddresses extends OwnAddresses {
  looks = 0;

  override refresh(): boolean {
    this.looks += 1;
    return super.refresh();
  }
}

const header = (kind: string, name: string): string =>
  `apiVersion: gateway.networking.k8s.io/v1\nkind: ${kind}\nmetadata:\n  name: ${name}\nspec:\n`;
const routeFor = (hostname: string): string =>
  `${header('HTTPRoute', 'shop')}  parentRefs:\n  - name: edge\n  hostnames: [${hostname}]\n`;
const gatewayOn = (port: number): string =>
  `${header('Gateway', 'edge')}  gatewayClassName: sluice\n  listeners:\n  - { name: http, port: ${port}, protocol: HTTP }\n`;

it('are asked for when a Gateway changes, and not for each change of a route', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-addresses-'));
  const put = (file: string, text: string): void => {
    writeFileSync(join(dir, `.${file}`), text);
    renameSync(join(dir, `.${file}`), join(dir, file));
  };
  put('gateway.yaml', gatewayOn(80));
  const addresses = new CountedAddresses();
  const watcher = await startWatcher({ log: createMemoryLog(), dir, addresses });
  const holds = (text: string): Promise<unknown> =>
    until(
      () =>
        watcher.facts.inForce.objects.values().some(({ object }) => JSON.stringify(object).includes(text)),
      { timeoutMs: 60_000, message: text },
    );
  try {
    await watcher.listed;
    const changes = 20;
    const before = addresses.looks;
    for (let i = 0; i < changes; i++) {
      put('route.yaml', routeFor(`h${i}.test`));
      await holds(`h${i}.test`);
    }
    // The look that is due every few seconds may be among them.
    expect(addresses.looks - before).toBeLessThan(changes / 2);
    const between = addresses.looks;
    put('gateway.yaml', gatewayOn(8081));
    await holds('8081');
    expect(addresses.looks).toBeGreaterThan(between);
  } finally {
    await watcher[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true });
  }
});
