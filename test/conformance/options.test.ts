import { expect, test } from 'vitest';
import { profiles, readOptions } from './options.ts';

test('without arguments: all profiles, all tests, and the page is written', () => {
  expect(readOptions([])).toMatchObject({ profiles, runTest: undefined, writePage: true });
});

test('a part of the suite leaves the page as it is', () => {
  expect(readOptions(['--run-test', 'HTTPRouteWeight'])).toMatchObject({
    runTest: 'HTTPRouteWeight',
    writePage: false,
  });
  expect(readOptions(['--profile', 'GATEWAY-TLS'])).toMatchObject({
    profiles: ['GATEWAY-TLS'],
    writePage: false,
  });
});

test('the standard channel is asked for, and leaves the page as it is', () => {
  expect(readOptions([])).toMatchObject({ channel: 'experimental' });
  expect(readOptions(['--channel', 'standard'])).toMatchObject({ channel: 'standard', writePage: false });
  expect(() => readOptions(['--channel', 'stable'])).toThrow(
    '--channel stable: there is experimental, standard',
  );
});

test('what is not known is named', () => {
  expect(() => readOptions(['--profile', 'HTTP'])).toThrow('--profile HTTP: there is GATEWAY-HTTP');
  expect(() => readOptions(['--fast'])).toThrow('--fast');
  expect(readOptions(['--help'])).toBeUndefined();
});

test('bpf-agent makes Services work, unless kube-proxy is asked for, which leaves the page as it is', () => {
  expect(readOptions([])).toMatchObject({ kubeProxy: false });
  expect(readOptions(['--kube-proxy'])).toMatchObject({ kubeProxy: true, writePage: false });
});
