import type { DescFile } from '@bufbuild/protobuf';
import { fileDesc as hydrate } from '@bufbuild/protobuf/codegenv2';

/**
 * The descriptor of a generated file, as protobuf-es' function of this name makes it, but made when it is first asked for: most of the
 * files of Envoy are asked for by raw resources alone. That function also walks all that an import imports, once for each way
 * that leads there: 0.4 s of CPU for these files. What stands in a file can only be named by itself, by its imports, and by what these
 * import publicly.
 */
export function fileDesc(base64: string, imports: readonly DescFile[] = []): DescFile {
  return new LateFile(base64, imports);
}

class LateFile implements DescFile {
  readonly kind = 'file';
  readonly dependencies: DescFile[];
  readonly #base64: string;
  #made: DescFile | undefined;

  constructor(base64: string, imports: readonly DescFile[]) {
    this.#base64 = base64;
    this.dependencies = [...imports];
  }

  get made(): DescFile {
    if (this.#made !== undefined) return this.#made;
    const { dependencies } = this;
    this.#made = Object.assign(hydrate(this.#base64, dependencies.map(byItself)), { dependencies });
    return this.#made;
  }

  get edition(): DescFile['edition'] {
    return this.made.edition;
  }

  get name(): string {
    return this.made.name;
  }

  get enums(): DescFile['enums'] {
    return this.made.enums;
  }

  get messages(): DescFile['messages'] {
    return this.made.messages;
  }

  get extensions(): DescFile['extensions'] {
    return this.made.extensions;
  }

  get services(): DescFile['services'] {
    return this.made.services;
  }

  get deprecated(): boolean {
    return this.made.deprecated;
  }

  get proto(): DescFile['proto'] {
    return this.made.proto;
  }

  toString(): string {
    return this.made.toString();
  }
}

/** A file without its imports, but for those that it hands on. */
function byItself(file: DescFile): DescFile {
  const made = file instanceof LateFile ? file.made : file;
  const handedOn = made.dependencies.filter((_, index) => made.proto.publicDependency.includes(index));
  return { ...made, dependencies: handedOn.map(byItself) };
}
