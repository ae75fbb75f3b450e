import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { childEnv } from './child-env.mjs';
import { bin } from './paths.mjs';

test('what an outer npm run sets is left out, settings of the user are kept', () => {
  const env = childEnv({
    HOME: tmpdir(),
    PATH: '/bin',
    npm_lifecycle_event: 'test',
    npm_package_name: 'sluice',
    npm_config_local_prefix: '/x',
    INIT_CWD: '/x',
    npm_config_cafile: '/ca.pem',
    HTTPS_PROXY: 'http://proxy:3128',
  });
  expect(env).toMatchObject({
    PATH: `${bin}:/bin`,
    HOME: tmpdir(),
    npm_config_cafile: '/ca.pem',
    HTTPS_PROXY: 'http://proxy:3128',
  });
  expect(
    Object.keys(env).filter((name) => /^npm_(lifecycle|package|config_local)|INIT_CWD/.test(name)),
  ).toEqual([]);
});
