import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { type Cluster, gatewayApiVersion } from '@sluice/testkit/cluster';
import type { ConformanceOptions } from './options.ts';

/** Addresses for the tests of `spec.addresses`: one of the load balancer's pool that it gives to nobody by itself, and one outside. */
const usableAddress = '172.30.0.240';
const unusableAddress = '203.0.113.1';

/** How long our GatewayClass has to be accepted, seconds: the suite's own 180 would only delay the same end. */
const acceptedWithinSeconds = 60;

/** One run of the suite. */
export interface SuiteRun {
  /** The suite's program. */
  readonly suite: string;
  readonly options: ConformanceOptions;
  /** What GatewayClass.status.supportedFeatures claims; empty: what the kinds' core tests need, and no extended feature. */
  readonly features: readonly string[];
}

/** Features without which the suite starts no profile: the kinds themselves. */
const kindFeatures = [
  'Gateway',
  'HTTPRoute',
  'GRPCRoute',
  'TLSRoute',
  'TCPRoute',
  'UDPRoute',
  'ReferenceGrant',
];

/** What is shown of the suite's log: which test runs, and how those end that are no part of another one. */
const shownPattern =
  /^=== RUN\s+TestConformance\/[^/]+$|^\s*--- (?:FAIL|SKIP): |^\s{4}--- PASS: |^(?:PASS|FAIL|panic: .*)$/;

/**
 * Runs the suite inside the cluster's network. What it says goes to `<report>.log`; here only its progress is shown.
 * @returns its exit code
 */
export async function runSuite(cluster: Cluster, { suite, options, features }: SuiteRun): Promise<number> {
  mkdirSync(dirname(options.report), { recursive: true });
  const { command, args } = cluster.inside(suite, [
    '-test.v',
    '-test.timeout=45m',
    '-test.run=^TestConformance$',
    '--gateway-class=sluice',
    `--supported-features=${(features.length === 0 ? kindFeatures : features).join(',')}`,
    `--conformance-profiles=${options.profiles.join(',')}`,
    `--usable-address=${usableAddress}`,
    `--unusable-address=${unusableAddress}`,
    `--timeout-config-overrides=GWCMustBeAccepted:${acceptedWithinSeconds}`,
    `--report-output=${options.report}`,
    '--cleanup-base-resources=false',
    '--organization=sluice',
    '--project=sluice',
    '--url=https://sluice.dev',
    `--version=${gatewayApiVersion}`,
    '--contact=@sluice',
    ...(options.runTest === undefined ? [] : [`--run-test=${options.runTest}`]),
    ...(options.debug ? ['--debug'] : []),
  ]);
  const env = { ...process.env, KUBECONFIG: cluster.kubeconfig };
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const log = createWriteStream(`${options.report}.log`);
  const ended = once(child, 'exit') as Promise<[number | null]>;
  for await (const line of createInterface({ input: child.stdout })) {
    log.write(`${line}\n`);
    if (shownPattern.test(line)) process.stdout.write(`${line.trim()}\n`);
  }
  log.end();
  await finished(log);
  const [code] = await ended;
  return code ?? 1;
}
