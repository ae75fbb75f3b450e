// Ingresses and what `sluice convert ingress` prints for them.
import { validateFiles } from '@sluice/api-watcher/core';
import { goldenCases } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { documentsOf, inputOf } from '../../commands/convert-ingress-action.ts';
import { convertIngresses } from './convert-ingress.ts';

const cases = goldenCases(new URL('../../../testdata/convert-ingress', import.meta.url).pathname);

describe.each(cases)('$name', ({ input, expectOutput }) => {
  const read = validateFiles([{ file: 'ingress.yaml', content: input }]);

  test('is converted so', () => {
    expect(read.faults).toEqual([]);
    expectOutput(
      `${convertIngresses(inputOf(read, { namespace: 'default' }))
        .map(documentsOf)
        .join('---\n')}`,
    );
  });

  test('becomes manifests without a fault', () => {
    const content = convertIngresses(inputOf(read, { namespace: 'default' }))
      .map(documentsOf)
      .join('---\n');
    expect(validateFiles([{ file: 'gateway.yaml', content }]).faults).toEqual([]);
  });
});
