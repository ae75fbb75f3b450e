import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeIf, expectFile } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { builtObject } from '../../kernel/places.ts';
import { layoutTexts } from '../../testing/layout-text.ts';
import { mapTypes, structLayout } from '../btf/map-types.ts';
import { mapCodecs } from './maps.ts';
import { event } from './values.ts';

const missing = existsSync(builtObject) ? undefined : 'no eBPF object: run `npm run bpf`';
const biome = join(import.meta.dirname, '../../../../../node_modules/.bin/biome');

/** As the linter wants it. */
const formatted = (file: string, text: string): string =>
  execFileSync(biome, ['check', '--write', `--stdin-file-path=${file}`], { input: text, encoding: 'utf8' });

describeIf(missing)('codecs of keys and values', () => {
  const object = missing === undefined ? new Uint8Array(readFileSync(builtObject)) : new Uint8Array();

  test('are what the BTF of the object says', () => {
    const texts = layoutTexts(mapTypes(object), [structLayout(object, 'event')]);
    for (const [name, text] of Object.entries(texts)) {
      const file = join(import.meta.dirname, `${name}.ts`);
      expectFile(file, formatted(file, text));
    }
  });

  test('have the sizes of BTF, and there is one for each map with keys', () => {
    const sizes = [...mapTypes(object)].flatMap(([name, { key, value }]) =>
      key === undefined || value === undefined ? [] : [[name, { key: key.size, value: value.size }] as const],
    );
    const ours = Object.entries(mapCodecs).map(([name, { key, value }]) => [
      name,
      { key: key.size, value: value.size },
    ]);
    expect(ours).toEqual(sizes);
    expect(event.size).toBe(structLayout(object, 'event').size);
  });
});
