import { expect, test } from 'vitest';
import { typedPath } from './typed-path.ts';

test.each([
  ['one directory', 'a.yaml', ['/srv/m'], '/srv', 'm/a.yaml'],
  ['below it', 'sub/a.yaml', ['/srv/m'], '/srv/m', 'sub/a.yaml'],
  ['elsewhere', 'a.yaml', ['/srv/m'], '/home', '/srv/m/a.yaml'],
  ['several directories', 'n/a.yaml', ['/srv/m', '/opt/n'], '/srv', '/opt/n/a.yaml'],
  ['several of one name', '/opt/m/a.yaml', ['/srv/m', '/opt/m'], '/opt', 'm/a.yaml'],
  ['of no directory', 'x/a.yaml', ['/srv/m', '/opt/n'], '/srv', 'x/a.yaml'],
  ['no file', '', ['/srv/m'], '/srv', ''],
])('%s', (_, file, directories, cwd, typed) => {
  expect(typedPath(file, { directories, cwd })).toBe(typed);
});
