/**
 * Generates Envoy's message types into `gen/` from the protos that the dependency @grpc/grpc-js-xds ships.
 * Does nothing when `gen/` already comes from the same inputs. Run by scripts/bootstrap.mjs; `--force` generates anew.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dependencyDir, generate } from './buf.ts';
import { protoRoots } from './proto-roots.ts';
import { generatedModules, registrySource, registryTypes, withOwnFileDesc } from './registry-source.ts';
import { stageProtos } from './stage-protos.ts';

const packageDir = dirname(dirname(fileURLToPath(import.meta.url)));
const gen = join(packageDir, 'gen');
const stamp = join(gen, '.inputs');

/** What the output depends on: the versions of the tools and of the protos, and this generator itself. */
function inputsHash(): string {
  const hash = createHash('sha256');
  for (const name of ['@bufbuild/buf', '@bufbuild/protoc-gen-es', '@grpc/grpc-js-xds']) {
    const { version } = JSON.parse(readFileSync(join(dependencyDir(name), 'package.json'), 'utf8'));
    hash.update(`${name}@${version}\n`);
  }
  const src = join(packageDir, 'src');
  for (const file of readdirSync(src).sort()) {
    if (!file.endsWith('.test.ts')) hash.update(readFileSync(join(src, file)));
  }
  return hash.digest('hex');
}

/** Writes a complete `gen/` beside the old one and swaps the two, so that no reader sees half of it. */
function regenerate(inputs: string): number {
  const work = join(packageDir, '.cache', `generate-${process.pid}`);
  const [protos, out] = [join(work, 'protos'), join(work, 'gen')];
  try {
    mkdirSync(out, { recursive: true });
    stageProtos(join(dependencyDir('@grpc/grpc-js-xds'), 'deps'), protos);
    generate({ protos, roots: protoRoots.map((root) => `envoy/${root}.proto`), out });
    const modules = generatedModules(out);
    for (const module of modules)
      writeFileSync(join(out, module), withOwnFileDesc(module, readFileSync(join(out, module), 'utf8')));
    writeFileSync(join(out, 'registry.js'), registrySource(modules));
    writeFileSync(join(out, 'registry.d.ts'), registryTypes);
    writeFileSync(join(out, '.inputs'), inputs);
    if (existsSync(gen)) renameSync(gen, join(work, 'previous'));
    renameSync(out, gen);
    return modules.length;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const inputs = inputsHash();
const fresh = existsSync(stamp) && readFileSync(stamp, 'utf8') === inputs;
if (!fresh || process.argv.includes('--force')) {
  const count = regenerate(inputs);
  process.stdout.write(`generated ${count} Envoy proto files into packages/envoy-api/gen\n`);
}
