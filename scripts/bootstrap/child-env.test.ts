import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { childEnv } from './child-env.mjs';
import { bin } from './paths.mjs';

test('what an outer npm run sets is left out, settings of the user are kept', () => {
  const env = childEnv({
    env: {
      HOME: tmpdir(),
      PATH: `${bin}:/bin`,
      npm_lifecycle_event: 'test',
      npm_package_name: 'sluice',
      npm_config_local_prefix: '/x',
      INIT_CWD: '/x',
      npm_config_cafile: '/ca.pem',
      HTTPS_PROXY: 'http://proxy:3128',
    },
  });
  expect(env).toMatchObject({
    PATH: '/bin',
    HOME: tmpdir(),
    npm_config_cafile: '/ca.pem',
    HTTPS_PROXY: 'http://proxy:3128',
  });
  expect(
    Object.keys(env).filter((name) => /^npm_(lifecycle|package|config_local)|INIT_CWD/.test(name)),
  ).toEqual([]);
});

test('where HOME cannot be written, caches move into the checkout, also those that an outer npm run derived from it', () => {
  const env = childEnv({
    env: {
      HOME: '/dev/null/home',
      npm_config_cache: '/dev/null/home/.npm',
      npm_config_userconfig: '/etc/npmrc',
    },
  });
  expect(env.HOME).toMatch(/\.toolchain\/home$/);
  expect(env).not.toHaveProperty('npm_config_cache');
  expect(env).toHaveProperty('npm_config_userconfig', '/etc/npmrc');
});

test('the toolchain comes first on PATH where that is asked for, and only there', () => {
  const env = { HOME: tmpdir(), PATH: `/bin:${bin}` };
  expect(childEnv({ env, withToolchain: true }).PATH).toBe(`${bin}:/bin`);
  expect(childEnv({ env }).PATH).toBe('/bin');
});
