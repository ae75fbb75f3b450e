import { expect, test } from 'vitest';
import { gateway, route, service } from './manifests.fixture.ts';
import { parseObject } from './parse.ts';

test('fields that are not known are left out of an object of an API server, and named', () => {
  const newer = route({
    future: { a: 1 },
    rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/a', folded: true } }], rank: 3 }],
  });
  expect(parseObject(newer).ok).toBe(false);
  const parsed = parseObject(newer, 'api');
  const plain = parseObject(route({ rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/a' } }] }] }));
  if (!parsed.ok || !plain.ok) throw new Error('refused');
  expect(parsed.object).toEqual(plain.object);
  expect(parsed.ignored.toSorted()).toEqual([
    'spec.future',
    'spec.rules[0].matches[0].path.folded',
    'spec.rules[0].rank',
  ]);
});

test('an annotation of a form that is not known goes alone', () => {
  const parsed = parseObject(
    { ...service({}), metadata: { name: 's', annotations: { 'Upper.Example/x': 'a', 'b/c': 'd' } } },
    'api',
  );
  expect(parsed).toMatchObject({
    ok: true,
    object: { metadata: { annotations: { 'b/c': 'd' } } },
    ignored: ['metadata.annotations["Upper.Example/x"]'],
  });
});

test('what is wrong with a known field still refuses the object', () => {
  const parsed = parseObject(gateway({ future: 1, listeners: [] }), 'api');
  expect(parsed).toMatchObject({ ok: false, faults: [{ path: 'spec.listeners' }] });
});

test('a listener without tls is a mistake in a file, and a matter of status in an API server', () => {
  const manifest = gateway({ listeners: [{ name: 'a', port: 443, protocol: 'HTTPS' }] });
  expect(parseObject(manifest)).toMatchObject({ ok: false, faults: [{ path: 'spec.listeners[0].tls' }] });
  expect(parseObject(manifest, 'api')).toMatchObject({ ok: true, ignored: [] });
});
