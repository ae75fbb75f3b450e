import { parse } from 'yaml';
import { z } from 'zod';

const list = z.array(z.string()).default([]);
const partSchema = z.object({
  result: z.string(),
  statistics: z.object({ Passed: z.int(), Skipped: z.int(), Failed: z.int() }),
  skippedTests: list,
  failedTests: list,
});
const reportSchema = z.object({
  gatewayAPIVersion: z.string(),
  gatewayAPIChannel: z.string(),
  profiles: z
    .array(
      z.object({
        name: z.string(),
        summary: z.string().default(''),
        core: partSchema,
        extended: partSchema.extend({ supportedFeatures: list, unsupportedFeatures: list }).optional(),
      }),
    )
    .default([]),
});

/** The report of the official suite (gateway.networking.k8s.io/v1 ConformanceReport), as far as it is shown. */
export type ConformanceReport = z.infer<typeof reportSchema>;

/** Reads the suite's YAML. @throws Error where it is none */
export const readReport = (yaml: string): ConformanceReport => reportSchema.parse(parse(yaml));

/** How many tests failed, which they are, and whether any test ran at all. */
export function verdict({ profiles }: ConformanceReport): {
  readonly passed: number;
  readonly failed: number;
  /** `<profile> <test>`. */
  readonly failures: readonly string[];
} {
  const parts = profiles.flatMap(({ core, extended }) =>
    extended === undefined ? [core] : [core, extended],
  );
  const sum = (count: 'Passed' | 'Failed') =>
    parts.reduce((all, { statistics }) => all + statistics[count], 0);
  const failures = profiles.flatMap(({ name, core, extended }) =>
    [...core.failedTests, ...(extended?.failedTests ?? [])].map((test) => `${name} ${test}`),
  );
  return { passed: sum('Passed'), failed: sum('Failed'), failures };
}
