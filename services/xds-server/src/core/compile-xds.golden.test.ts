import { goldenCases } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { goldenInput } from '../testing/golden-input.ts';
import { compileXds } from './compile-xds.ts';
import { typeUrls, xdsKinds } from './type-urls.ts';

// That the real Envoy takes these is shown by goldens.int.test.ts.
describe.each(goldenCases(new URL('../../testdata', import.meta.url).pathname))('$name', (golden) => {
  const { revision, resources } = goldenInput(golden.input);
  const compiled = compileXds(resources.map((resource) => ({ resource, revision })));

  it.each(xdsKinds)('%s', (kind) => {
    const all = [...(compiled.get(typeUrls[kind])?.values() ?? [])];
    golden.expectOutput(
      stringify(
        all.map((resource) => resource.json),
        { aliasDuplicateObjects: false },
      ),
      `${kind}.yaml`,
    );
  });

  it('comes out byte for byte the same from any order', () => {
    const reversed = compileXds([...resources].reverse().map((resource) => ({ resource, revision })));
    expect(reversed).toEqual(compiled);
  });
});
