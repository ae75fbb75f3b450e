import { defineConfig } from 'vitest/config';
import { CountsReporter } from './scripts/test/counts-reporter.ts';

/** Tests that start real programs: they share two cores, and a start can take seconds on a busy machine. */
const real = [
  '**/*.int.test.ts',
  'packages/*/contract/**/*.test.ts',
  'test/{pipeline,e2e,chaos,setup}/**/*.test.ts',
];
const never = ['**/node_modules/**', '**/.toolchain/**', '**/.sluice/**', 'packages/envoy-api/gen/**'];

/** Where `npm test` wants the counts; unset when vitest is run by hand. */
const countsFile = process.env.SLUICE_TEST_COUNTS;

export default defineConfig({
  test: {
    teardownTimeout: 30_000,
    reporters: countsFile === undefined ? ['default'] : ['default', new CountsReporter(countsFile)],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{packages,services,cli,examples,scripts,test}/**/*.test.ts'],
          exclude: [...never, ...real],
          testTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'real',
          include: real,
          exclude: never,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
