// Names of objects that are made, out of hostnames and the names of others.

/** A hostname as part of a name: `*` is `any`, `*.a.example` is `wildcard-a-example`. */
export function slug(host: string): string {
  if (host === '*') return 'any';
  return host.replace(/^\*/, 'wildcard').replace(/[^a-z0-9]+/g, '-');
}

/** Gives each name once in a namespace: a name that is taken gets a number. At most 200 characters of `base` are kept. */
export class Names {
  readonly #taken = new Set<string>();

  take(namespace: string, base: string): string {
    const cut = base.slice(0, 200).replace(/[^a-z0-9]+$/, '');
    let name = cut;
    for (let i = 2; this.#taken.has(`${namespace}/${name}`); i++) name = `${cut}-${i}`;
    this.#taken.add(`${namespace}/${name}`);
    return name;
  }
}
