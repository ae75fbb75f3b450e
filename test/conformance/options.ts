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
  /** Whether kube-proxy makes Services work, instead of bpf-agent. */
  readonly kubeProxy: boolean;
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
  --kube-proxy       Services are made by kube-proxy, not by bpf-agent
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
      'kube-proxy': { type: 'boolean', default: false },
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
    kubeProxy: values['kube-proxy'],
    runTest: values['run-test'],
    report: values.report,
    writePage: whole && channel === 'experimental' && !values['kube-proxy'],
    debug: values.debug,
    counts: values.counts,
  };
}
