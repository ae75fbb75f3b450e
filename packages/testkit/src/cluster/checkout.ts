import { join } from 'node:path';

/** A path of this checkout, from its top. */
export const inCheckout = (...names: string[]): string =>
  join(import.meta.dirname, '..', '..', '..', '..', ...names);
