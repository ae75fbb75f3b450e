/** What is built from Go modules: how, and what it costs the first time. */

/** The version of Kubernetes in tools/kubernetes/go.mod. */
export const kubernetesVersion = 'v1.37.2';
/** The version of the Gateway API in tools/kubernetes/go.mod: its CRDs and its conformance suite. */
export const gatewayApiVersion = 'v1.6.3';

/** One program of a Go module below `tools/`. */
export interface GoProgram {
  /** The module's folder, below the checkout. */
  readonly module: 'tools/kubernetes' | 'tools/coredns';
  /** The Go package. */
  readonly package: string;
  /** `build` a command, or the `test` binary of a package. */
  readonly make: 'build' | 'test';
  /** Of the program; part of its file name. */
  readonly version: string;
  /** What the linker is told to set. */
  readonly variables: readonly string[];
  /** About what it costs with an empty Go cache, CPU seconds; later programs share what earlier ones compiled. */
  readonly cpuSeconds: number;
}

const stamp = 'k8s.io/component-base/version';
const [major = '', minor = ''] = kubernetesVersion.slice(1).split('.');

const kubernetes = (command: string, cpuSeconds: number): GoProgram => ({
  module: 'tools/kubernetes',
  package: `k8s.io/kubernetes/cmd/${command}`,
  make: 'build',
  version: kubernetesVersion,
  variables: [
    `${stamp}.gitVersion=${kubernetesVersion}`,
    `${stamp}.gitMajor=${major}`,
    `${stamp}.gitMinor=${minor}`,
  ],
  cpuSeconds,
});

const gatewayApi = (path: string, make: GoProgram['make'], cpuSeconds: number): GoProgram => ({
  module: 'tools/kubernetes',
  package: `sigs.k8s.io/gateway-api/conformance${path}`,
  make,
  version: gatewayApiVersion,
  variables: [],
  cpuSeconds,
});

const coreDns: GoProgram = {
  module: 'tools/coredns',
  package: '.',
  make: 'build',
  version: 'v1.14.7',
  variables: [],
  cpuSeconds: 160,
};

/** By the file name of the program. CPU seconds are measured, each after those above it. */
export const goPrograms = {
  'kube-apiserver': kubernetes('kube-apiserver', 690),
  'kube-controller-manager': kubernetes('kube-controller-manager', 210),
  'kube-proxy': kubernetes('kube-proxy', 31),
  coredns: coreDns,
  'conformance.test': gatewayApi('', 'test', 111),
  'echo-basic': gatewayApi('/echo-basic', 'build', 15),
} as const satisfies Record<string, GoProgram>;

export type GoProgramName = keyof typeof goPrograms;

/** True for a name in the table. */
export const isGoProgramName = (name: string): name is GoProgramName => Object.hasOwn(goPrograms, name);
