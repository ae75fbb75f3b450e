import { createRegistry, type DescFile, type Registry } from '@bufbuild/protobuf';

/** The registry of all types in `files`, made when it is first asked: it needs the descriptors of all of them. */
export function lateRegistry(...files: readonly DescFile[]): Registry {
  let made: Registry | undefined;
  const registry = (): Registry => {
    made ??= createRegistry(...files);
    return made;
  };
  return {
    kind: 'registry',
    [Symbol.iterator]: () => registry()[Symbol.iterator](),
    get: (name) => registry().get(name),
    getMessage: (name) => registry().getMessage(name),
    getEnum: (name) => registry().getEnum(name),
    getExtension: (name) => registry().getExtension(name),
    getExtensionFor: (extendee, no) => registry().getExtensionFor(extendee, no),
    getService: (name) => registry().getService(name),
  };
}
