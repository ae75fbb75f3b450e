import type { DescFile } from '@bufbuild/protobuf';
import { fileDesc as hydrate } from '@bufbuild/protobuf/codegenv2';

/**
 * The descriptor of a generated file, as protobuf-es' function of this name makes it. That one walks all that an import imports, once for
 * each way that leads there: 0.4 s of CPU for the files of Envoy. What stands in a file can only be named by itself, by its
 * imports, and by what these import publicly.
 */
export function fileDesc(base64: string, imports: readonly DescFile[] = []): DescFile {
  const file = hydrate(base64, imports.map(byItself));
  return Object.assign(file, { dependencies: [...imports] });
}

/** A file without its imports, but for those that it hands on. */
function byItself(file: DescFile): DescFile {
  const handedOn = file.dependencies.filter((_, index) => file.proto.publicDependency.includes(index));
  return { ...file, dependencies: handedOn.map(byItself) };
}
