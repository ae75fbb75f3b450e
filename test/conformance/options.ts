import { parseArgs } from 'node:util';

/** The profiles of a Gateway, as the suite names them. */
export const profiles = [
  'GATEWAY-HTTP',
  'GATEWAY-GRPC',
  'GATEWAY-TLS',
  'GATEWAY-TCP',
  'GATEWAY-UDP',
] as const;

/** The bundles of CRDs that the suite can run with. */
export const channels = ['experimental', 'standard'] as const;

/** What `npm run conformance -- …` was asked for. */
export interface ConformanceOptions {
  readonly profiles: readonly string[];
  /** Which CRDs the cluster has: what is claimed, and so tested, follows from them. */
  readonly channel: (typeof channels)[number];
  /** One test by its ShortName; undefined for all. */
  readonly runTest: string | undefined;
  /** Where the report goes. */
  readonly report: string;
  /** Whether docs/conformance.md is written: only after a whole run with all there is. */
  readonly writePage: boolean;
  readonly debug: boolean;
  /** Where the counts go that `npm test` adds up; undefined: nowhere. */
  readonly counts: string | undefined;
}

export const usage = `npm run conformance [-- OPTION…]
  Runs the official Gateway API conformance suite against Sluice on a test cluster.
  --run-test NAME    one test, by its ShortName
  --profile NAME     one profile (may be repeated): ${profiles.join(', ')}
  --channel NAME     CRDs of the cluster: ${channels.join(' (default) or ')}
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
      channel: { type: 'string', default: channels[0] },
      report: { type: 'string', default: '.cache/conformance/report.yaml' },
      counts: { type: 'string' },
      debug: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const unknown = values.profile.find((name) => !profiles.some((known) => known === name));
  if (unknown !== undefined) throw new Error(`--profile ${unknown}: there is ${profiles.join(', ')}`);
  const channel = channels.find((name) => name === values.channel);
  if (channel === undefined) throw new Error(`--channel ${values.channel}: there is ${channels.join(', ')}`);
  const whole = values['run-test'] === undefined && values.profile.length === 0;
  return {
    profiles: values.profile.length === 0 ? profiles : values.profile,
    channel,
    runTest: values['run-test'],
    report: values.report,
    writePage: whole && channel === 'experimental',
    debug: values.debug,
    counts: values.counts,
  };
}
