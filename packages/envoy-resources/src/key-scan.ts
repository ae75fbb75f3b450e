// Key material in JSON of any shape: an object with a mistake in it must not carry a key onto the log either.
import type { ObjectFault } from '@sluice/kinds';
import { fault } from '@sluice/kinds';
import { isObject } from './json.ts';
import { keyFields } from './permissions.ts';

const camel = (name: string): string => name.replace(/_([a-z0-9])/g, (_all, c: string) => c.toUpperCase());
const names: ReadonlySet<string> = new Set(
  [...keyFields.keys()].flatMap((id) => {
    const name = id.slice(id.lastIndexOf('.') + 1);
    return [name, camel(name)];
  }),
);
const pem = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
const [ban] = keyFields.values();

/** Places that hold keys, or would if the resource held to its type. Never throws for want of depth. */
export function scanForKeys(value: unknown, steps: readonly (string | number)[]): ObjectFault[] {
  const found: ObjectFault[] = [];
  const open: { value: unknown; steps: readonly (string | number)[] }[] = [{ value, steps }];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const { value: here, steps: path } = at;
    if (typeof here === 'string') {
      if (pem.test(here)) found.push(fault(path, ban?.message ?? '', ban?.hint));
    } else if (Array.isArray(here))
      for (const [i, item] of here.entries()) open.push({ value: item, steps: [...path, i] });
    else if (isObject(here))
      for (const [name, child] of Object.entries(here))
        if (names.has(name) && holdsContent(child))
          found.push(fault([...path, name], ban?.message ?? '', ban?.hint));
        else open.push({ value: child, steps: [...path, name] });
  }
  return found;
}

/** Content of its own: text, a list, or a DataSource with inline data. A reference to a file is none. */
function holdsContent(value: unknown): boolean {
  if (typeof value === 'string') return value !== '';
  if (Array.isArray(value)) return value.some(holdsContent);
  if (!isObject(value)) return false;
  return Object.entries(value).some(([name, child]) =>
    /^inline/.test(name) ? child !== '' : typeof child === 'object' && holdsContent(child),
  );
}
