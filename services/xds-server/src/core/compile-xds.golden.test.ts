import { goldenCases } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { goldenInput } from '../testing/golden-input.ts';
import { compileXds } from './compile-xds.ts';
import { defaultListenerSettings } from './http-connection-manager.ts';
import { type RouteLayoutName, routeLayouts } from './route-layouts.ts';
import { typeUrls, type XdsKind } from './type-urls.ts';

/** The kinds that a layout has a hand in, and those that are the same in all. */
const files: readonly (readonly [RouteLayoutName, XdsKind, string])[] = [
  ...(['cluster', 'endpoint', 'secret', 'listener', 'route'] as const).map(
    (kind) => ['plain', kind, `${kind}.yaml`] as const,
  ),
  ['scoped', 'listener', 'scoped.listener.yaml'],
  ['scoped', 'scope', 'scope.yaml'],
];

// That the real Envoy takes these is shown by goldens.int.test.ts.
describe.each(goldenCases(new URL('../../testdata', import.meta.url).pathname))('$name', (golden) => {
  const { revision, resources } = goldenInput(golden.input);
  const compile = (layout: RouteLayoutName, from = resources) =>
    compileXds(
      from.map((resource) => ({ resource, revision })),
      defaultListenerSettings,
      routeLayouts[layout],
    );

  it.each(files)('%s: %s', (layout, kind, file) => {
    const all = [...(compile(layout).get(typeUrls[kind])?.values() ?? [])];
    golden.expectOutput(
      stringify(
        all.map((resource) => resource.json),
        { aliasDuplicateObjects: false },
      ),
      file,
    );
  });

  it.each<RouteLayoutName>(['plain', 'scoped'])(
    'comes out byte for byte the same from any order: %s',
    (layout) => {
      expect(compile(layout, [...resources].reverse())).toEqual(compile(layout));
    },
  );
});
