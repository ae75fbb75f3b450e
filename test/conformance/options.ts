import { parseArgs } from 'node:util';

/** The profiles of a Gateway, as the suite names them. */
export const profiles = [
  'GATEWAY-HTTP',
  'GATEWAY-GRPC',
  'GATEWAY-TLS',
  'GATEWAY-TCP',
  'GATEWAY-UDP',
] as const;

/** What `npm run conformance -- …` was asked for. */
export interface ConformanceOptions {
  readonly profiles: readonly string[];
  /** One test by its ShortName; undefined for all. */
  readonly runTest: string | undefined;
  /** Where the report goes. */
  readonly report: string;
  /** Whether docs/conformance.md is written: only after a whole run. */
  readonly writePage: boolean;
  readonly debug: boolean;
  /** Where the counts go that `npm test` adds up; undefined: nowhere. */
  readonly counts: string | undefined;
}

export const usage = `npm run conformance [-- OPTION…]
  Runs the official Gateway API conformance suite against Sluice on a test cluster.
  --run-test NAME    one test, by its ShortName
  --profile NAME     one profile (may be repeated): ${profiles.join(', ')}
  --report FILE      where the report goes; default .cache/conformance/report.yaml
  --counts FILE      also writes how many passed and failed as JSON, for npm test
  --debug            the suite tells each request
  --help             this text
`;

/** Reads the arguments; undefined for --help. @throws Error that names what is wrong */
export function readOptions(args: readonly string[]): ConformanceOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'run-test': { type: 'string' },
      profile: { type: 'string', multiple: true, default: [] },
      report: { type: 'string', default: '.cache/conformance/report.yaml' },
      counts: { type: 'string' },
      debug: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const unknown = values.profile.find((name) => !profiles.some((known) => known === name));
  if (unknown !== undefined) throw new Error(`--profile ${unknown}: there is ${profiles.join(', ')}`);
  const whole = values['run-test'] === undefined && values.profile.length === 0;
  return {
    profiles: values.profile.length === 0 ? profiles : values.profile,
    runTest: values['run-test'],
    report: values.report,
    writePage: whole,
    debug: values.debug,
    counts: values.counts,
  };
}
