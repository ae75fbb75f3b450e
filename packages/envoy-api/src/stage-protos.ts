import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The proto folders of the dependency, each the root of its own import paths. */
export const protoModules = [
  'envoy-api/envoy',
  'googleapis/google',
  'protoc-gen-validate/validate',
  'xds/xds',
  'xds/udpa',
];

const rulesWithoutField = /^message StringRules \{$/m;
const ruleField = 'optional bool ignore_empty = 26;';

/**
 * Copies the protos of `@grpc/grpc-js-xds` (its `deps/` folder) into `target` as one import root.
 *
 * The copy of validate.proto that it ships is older than its Envoy protos, which use `ignore_empty` on strings; the
 * compiler refuses an option it does not know, so that one field is declared in our copy (name and number as in
 * protoc-gen-validate 0.6.2). The rules are annotations for validators: nothing on the wire depends on them.
 *
 * @throws Error when validate.proto no longer looks as expected, which means the dependency has changed.
 */
export function stageProtos(deps: string, target: string): void {
  mkdirSync(target, { recursive: true });
  for (const module of protoModules) {
    cpSync(join(deps, module), join(target, module.slice(module.indexOf('/') + 1)), { recursive: true });
  }
  const path = join(target, 'validate/validate.proto');
  const text = readFileSync(path, 'utf8');
  if (text.includes('ignore_empty')) return;
  if (!rulesWithoutField.test(text))
    throw new Error('validate.proto of @grpc/grpc-js-xds has no message StringRules');
  writeFileSync(
    path,
    text.replace(rulesWithoutField, (head) => `${head}\n    ${ruleField}`),
  );
}
