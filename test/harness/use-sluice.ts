import { type Backend, serviceObjects, startBackend } from '@sluice/testkit';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { type Sluice, type SluiceOptions, startSluice } from './sluice.ts';

/** A running instance and the backends behind it. */
export interface World {
  readonly sluice: Sluice;
  /** @throws RangeError for a name that was not asked for */
  backend(name: string): Backend;
}

/** What a story needs before its first test. */
export interface WorldSetup extends Omit<SluiceOptions, 'manifests'> {
  /** One backend with a Service (port 8080) of the same name for each. */
  readonly backends: readonly string[];
  /** Files of the manifest directory; called once. The Services of the backends are added. */
  readonly manifests: () => SluiceOptions['manifests'] | Promise<SluiceOptions['manifests']>;
}

/**
 * Starts the platform and its backends before the tests of the enclosing `describe` (or file), and ends them after
 * it; prints the logs when a test fails. Ask the function it gives from inside a test.
 */
export function useSluice(setup: WorldSetup): () => World {
  const stack = new AsyncDisposableStack();
  let world: World | undefined;
  beforeAll(async () => {
    const backends = new Map<string, Backend>();
    for (const name of setup.backends) backends.set(name, stack.use(await startBackend({ name })));
    const services = [...backends.values()].flatMap((b) => serviceObjects({ name: b.name, endpoints: [b] }));
    const manifests = {
      ...(await setup.manifests()),
      ...(services.length === 0 ? {} : { 'services.yaml': services }),
    };
    const sluice = stack.use(await startSluice({ ...setup, manifests }));
    world = { sluice, backend: (name) => backends.get(name) ?? unknownBackend(name) };
  });
  afterEach((context) => {
    if (context.task.result?.state === 'fail') process.stderr.write(`${world?.sluice.diagnose() ?? ''}\n`);
  });
  afterAll(() => stack.disposeAsync());
  return () => {
    if (world === undefined) throw new Error('the platform has not been started');
    return world;
  };
}

function unknownBackend(name: string): never {
  throw new RangeError(`no backend ${name}`);
}
