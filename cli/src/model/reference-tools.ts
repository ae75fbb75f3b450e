// What checks of references share: looking for an object among those of the files, and wording a warning.
import type { DeclaredObject } from '@sluice/api-watcher/core';
import type { Fault } from '@sluice/events';

/** Tools for the check of one object. */
export interface Tools {
  /** The object; `elsewhere`: the files hold none of its kind, so it may live in another place. */
  readonly find: (
    kind: DeclaredObject['object']['kind'],
    namespace: string,
    name: string,
  ) => DeclaredObject | 'missing' | 'elsewhere';
  readonly warn: (path: string, message: string, hint: string) => Fault;
}

/** The warning on an object that is not there; `namespace` is empty for kinds of the whole cluster. */
export function missing(
  of: { readonly path: string; readonly kind: string; readonly namespace: string; readonly name: string },
  { warn }: Pick<Tools, 'warn'>,
): Fault {
  const { path, kind, namespace, name } = of;
  const key = namespace === '' ? name : `${namespace}/${name}`;
  return warn(path, `there is no ${kind} ${key} in these files`, 'name one of them, or add it');
}
