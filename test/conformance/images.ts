import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { toolPath } from '@sluice/testkit';
import { ensurePrograms, type Image } from '@sluice/testkit/cluster';
import { freshBundles } from '../../scripts/bundle/fresh.mjs';

const checkout = join(import.meta.dirname, '..', '..');

/**
 * What the test cluster runs for the images of the suite and of `deploy/`: the suite's own backends, and the services of this checkout, each
 * as a process of its own, with the NATS and the Envoy of the toolchain.
 */
export async function conformanceImages(): Promise<readonly Image[]> {
  const programs = await ensurePrograms(['echo-basic', 'coredns']);
  const single = (pattern: string, source: string, target: string): Image => ({
    pattern,
    entrypoint: [target],
    mounts: [{ source, target }],
  });
  return [
    single('^registry\\.k8s\\.io/gateway-api/echo-basic:', programs['echo-basic'], '/echo-basic'),
    single('^registry\\.k8s\\.io/coredns/coredns:', programs.coredns, '/coredns'),
    envoyImage(),
    single('(^|/)nats:', toolPath('nats-server'), '/nats-server'),
    ...['api-watcher', 'translator', 'xds-server', 'bpf-agent'].map(serviceImage),
  ];
}

/** Under its own name on PATH, beside this machine's libraries. */
function envoyImage(): Image {
  return {
    pattern: '(^|/)envoyproxy/envoy:',
    entrypoint: ['envoy'],
    env: { PATH: '/opt/envoy:/usr/bin:/bin' },
    mounts: [{ source: toolPath('envoy'), target: '/opt/envoy/envoy' }],
    system: true,
  };
}

/** A service runs from its bundle, or from its sources where they are newer; it sees the checkout and Node at the places where they lie on this machine. */
function serviceImage(name: string): Image {
  const node = realpathSync(process.execPath);
  const seen = [checkout, node, ...linkedStore()];
  return {
    pattern: `(^|/)sluice[/-]${name}(:|@|$)`,
    entrypoint: [
      node,
      '--disable-warning=ExperimentalWarning',
      '--expose-gc',
      freshBundles(checkout).get(name) ?? join(checkout, 'services', name, 'src/main.ts'),
    ],
    mounts: seen.map((path) => ({ source: path, target: path })),
    system: true,
  };
}

/** Where `.toolchain` is a link out of the checkout. */
function linkedStore(): string[] {
  const toolchain = join(checkout, '.toolchain');
  return existsSync(toolchain) && realpathSync(toolchain) !== toolchain ? [realpathSync(toolchain)] : [];
}
