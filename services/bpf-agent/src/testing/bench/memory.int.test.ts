import { describeIf } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { missingForKernel } from '../test-kernel.ts';
import { measureMaps } from './memory.ts';

const megabyte = 1_000_000;

describeIf(missingForKernel())('the maps of one node', () => {
  test('take at most 64 MB for 10,000 ClusterIP Services, none of it for Maglev, and some for each of them', async () => {
    const { memory } = await measureMaps(10_000, 1);
    console.log(`${memory.bytes / megabyte} MB, ${memory.emptyBytes / megabyte} MB without any Service`);
    expect(memory).toMatchObject({ services: 10_000, tables: 0 });
    expect(memory.bytes).toBeLessThan(64 * megabyte);
    // A frontend for each of two scopes and three endpoints: key and value are 52 and 36 bytes.
    expect(memory.bytes - memory.emptyBytes).toBeGreaterThan(10_000 * (2 * 52 + 3 * 36));
  });
});
