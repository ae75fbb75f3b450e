import { describe, expect, test } from 'vitest';
import { readServiceL7, servicePrefixesOf } from './service-l7.ts';

const cilium = (name: string, value: string) => ({ [`service.cilium.io/${name}`]: value });

describe('annotations of a Service', () => {
  test.each([
    ['round_robin', 'round_robin'],
    ['least_request', 'least_request'],
    ['least-request', 'least_request'],
    ['Random', 'random'],
  ])('algorithm %s is %s', (value, algorithm) => {
    expect(readServiceL7({ ...cilium('lb-l7', 'enabled'), ...cilium('lb-l7-algorithm', value) })).toEqual({
      enabled: true,
      algorithm,
      faults: [],
    });
  });

  test.each([
    ['enabled', true],
    ['disabled', false],
  ])('lb-l7: %s', (value, enabled) => {
    expect(readServiceL7(cilium('lb-l7', value))).toEqual({ enabled, algorithm: 'round_robin', faults: [] });
  });

  test('others say nothing', () => {
    expect(readServiceL7({ 'service.cilium.io/type': 'NodePort', a: 'b' })).toBeUndefined();
    expect(readServiceL7({})).toBeUndefined();
  });

  test('ours go before those of Cilium, which count only where we stand in for it', () => {
    const both = { ...cilium('lb-l7', 'enabled'), 'service.sluice.io/lb-l7': 'disabled' };
    expect(readServiceL7(both)?.enabled).toBe(false);
    const ours = servicePrefixesOf(new Set(['sluice.dev/gateway-controller']));
    expect(readServiceL7(cilium('lb-l7', 'enabled'), ours)).toBeUndefined();
    const both2 = servicePrefixesOf(new Set(['io.cilium/gateway-controller']));
    expect(readServiceL7(cilium('lb-l7', 'enabled'), both2)?.enabled).toBe(true);
  });

  test.each([
    ['lb-l7', 'true', 'did you mean "enabled"? known are enabled, disabled'],
    ['lb-l7', 'enable', 'did you mean "enabled"? known are enabled, disabled'],
    ['lb-l7', '', 'one of enabled, disabled'],
    ['lb-l7', '%REQ(x)%\n`', 'one of enabled, disabled'],
  ])('a wrong %s: %j', (name, value, hint) => {
    const read = readServiceL7(cilium(name, value));
    expect(read?.enabled).toBe(false);
    expect(read?.faults).toMatchObject([{ annotation: 'service.cilium.io/lb-l7', hint }]);
  });

  test('a wrong algorithm leaves the default in force', () => {
    expect(readServiceL7({ ...cilium('lb-l7', 'enabled'), ...cilium('lb-l7-algorithm', 'maglev') })).toEqual({
      enabled: true,
      algorithm: 'round_robin',
      faults: [
        {
          annotation: 'service.cilium.io/lb-l7-algorithm',
          message: '"maglev" is not known, so it counts as not said',
          hint: 'one of round_robin, least_request, random',
        },
      ],
    });
  });
});
