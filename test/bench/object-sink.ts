import { stageManifests, type TempDir, tempDir, writeManifests } from '@sluice/testkit';

/** Where the platform under test reads its objects from. */
export interface ObjectSink extends AsyncDisposable {
  /** For the report, e.g. `files`. */
  readonly name: string;
  /** Arguments of `sluice up` that make it read from here. */
  readonly upArguments: readonly string[];
  /** Adds objects and replaces those that are there; resolves when the source has them. */
  write(objects: readonly object[]): Promise<void>;
  /** Makes `write` ready. @returns does it: a change is timed from this call */
  stage(objects: readonly object[]): Promise<() => Promise<void>>;
  /** Takes objects out. */
  remove(objects: readonly object[]): Promise<void>;
}

/** A directory of manifests with a file for each object, written whole under another name and then renamed. */
export class ManifestDirectory implements ObjectSink {
  readonly name = 'files';
  readonly #dir: TempDir = tempDir();
  #disposed = false;

  get upArguments(): readonly string[] {
    return [this.#dir.path];
  }

  async write(objects: readonly object[]): Promise<void> {
    this.#write(objects.map((object) => [fileOf(object), object]));
  }

  async stage(objects: readonly object[]): Promise<() => Promise<void>> {
    this.#check();
    const rename = stageManifests(
      this.#dir.path,
      Object.fromEntries(objects.map((object) => [fileOf(object), object])),
    );
    return async () => rename();
  }

  async remove(objects: readonly object[]): Promise<void> {
    this.#write(objects.map((object) => [fileOf(object), null]));
  }

  #write(files: readonly (readonly [string, object | null])[]): void {
    this.#check();
    writeManifests(this.#dir.path, Object.fromEntries(files));
  }

  #check(): void {
    if (this.#disposed) throw new Error('the directory has been removed');
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.#dir[Symbol.dispose]();
    return Promise.resolve();
  }
}

interface Named {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

function fileOf(object: object): string {
  const { kind, metadata } = object as Named;
  return `${kind.toLowerCase()}.${metadata.namespace ?? 'default'}.${metadata.name}.yaml`;
}
