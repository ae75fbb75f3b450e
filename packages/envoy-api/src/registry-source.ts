import { readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** The generated modules below `dir`, as sorted import paths relative to it (`./envoy/…_pb.js`). */
export function generatedModules(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('_pb.js'))
    .map((entry) => `./${relative(dir, join(entry.parentPath, entry.name)).split(sep).join('/')}`)
    .sort();
}

const exportOf = (module: string): string =>
  `file_${module.slice(2, -'_pb.js'.length).replaceAll(/[^a-zA-Z0-9]/g, '_')}`;

/** The source of `registry.js`: one registry of every message and enum generated, for Any and JSON. */
export function registrySource(modules: readonly string[]): string {
  const imports = modules.map((module) => `import { ${exportOf(module)} } from '${module}';`);
  return [
    "import { lateRegistry } from '../src/late-registry.ts';",
    ...imports,
    '',
    `export const registry = lateRegistry(\n${modules.map((module) => `  ${exportOf(module)},`).join('\n')}\n);`,
    '',
  ].join('\n');
}

/** The source of `registry.d.ts`. */
export const registryTypes = [
  "import type { Registry } from '@bufbuild/protobuf';",
  '/** Every Envoy type that is generated: pass it to toJson and fromJson, and to anyUnpack. */',
  'export declare const registry: Registry;',
  '',
].join('\n');

const codegen = /^import \{ (.*) \} from "@bufbuild\/protobuf\/codegenv2";$/m;

/** The text of a generated module with the `fileDesc` of this package. @throws Error where it imports none, as of another generator */
export function withOwnFileDesc(module: string, text: string): string {
  const names = codegen.exec(text)?.[1]?.split(', ');
  if (!names?.includes('fileDesc')) throw new Error(`${module} does not begin as protoc-gen-es writes it`);
  const others = names.filter((name) => name !== 'fileDesc').join(', ');
  const own = `import { fileDesc } from "${'../'.repeat(module.split('/').length - 1)}src/file-desc.ts";`;
  const rest = others === '' ? '' : `import { ${others} } from "@bufbuild/protobuf/codegenv2";\n`;
  return text.replace(codegen, () => rest + own);
}
