import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from './cache.ts';
import { inCheckout } from './checkout.ts';
import { goModuleDir } from './go.ts';
import { gatewayApiVersion } from './go-programs.ts';

/** The two bundles of the Gateway API's CRDs. A cluster holds one of them: the bundle's own admission policy refuses the other. */
export type Channel = 'standard' | 'experimental';

/** Where the bundles of this version lie in the cache. */
export const gatewayApiCrdsDir = (): string => join(cacheDir(), `gateway-api-crds-${gatewayApiVersion}`);

/** Copies the bundles out of the Go module into the cache, unless they are there. To be called under the lock. @throws Error */
export function fetchGatewayApiCrds(): void {
  const dir = gatewayApiCrdsDir();
  if (existsSync(dir)) return;
  const partial = `${dir}.${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  cpSync(
    join(goModuleDir('sigs.k8s.io/gateway-api', inCheckout('tools/kubernetes')), 'config', 'crd'),
    partial,
    {
      recursive: true,
    },
  );
  renameSync(partial, dir);
}

/** The YAML texts of a bundle: CRDs, and the policy that guards their upgrade. They must be in the cache. */
export function gatewayApiCrds(channel: Channel): readonly string[] {
  const dir = join(gatewayApiCrdsDir(), channel);
  return readdirSync(dir)
    .filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml')
    .toSorted()
    .map((file) => readFileSync(join(dir, file), 'utf8'));
}
