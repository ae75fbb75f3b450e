// What the annotations of an Ingress ask for: those of Cilium 1.20 ("Supported Ingress Annotations"), under `sluice.io/` and
// `ingress.sluice.io/` as well as `ingress.cilium.io/`. A wrong value is told, and the Ingress works without it.
import { type AnnotationFault, type FoundAnnotation, findAnnotation, shownValue } from './annotation.ts';
import { closest } from './nearest.ts';

/** Prefixes of the annotations, that which goes before the others first. */
export const ingressPrefixes = ['sluice.io/', 'ingress.sluice.io/', 'ingress.cilium.io/'] as const;

/** Names after the prefix. */
export const ingressAnnotationNames = [
  'loadbalancer-mode',
  'loadbalancer-class',
  'service-type',
  'service-external-traffic-policy',
  'insecure-node-port',
  'secure-node-port',
  'host-listener-port',
  'tls-passthrough',
  'force-https',
  'request-timeout',
] as const;
type Name = (typeof ingressAnnotationNames)[number];

/** `dedicated`: an address of its own; `shared`: one address for all Ingresses of the class that share. */
export const ingressModes = ['dedicated', 'shared'] as const;
export type IngressMode = (typeof ingressModes)[number];

/** What the annotations of an Ingress come to, defaults filled in. */
export interface IngressSettings {
  /** Default: what the same annotation of the IngressClass says, else dedicated. */
  readonly mode: IngressMode;
  /** `spec.loadBalancerClass` of the Service; absent: that of the cluster. */
  readonly loadBalancerClass?: string;
  /** `spec.type` of the Service; default LoadBalancer. */
  readonly serviceType: 'LoadBalancer' | 'NodePort';
  /** `spec.externalTrafficPolicy` of the Service; absent: that of the cluster. */
  readonly externalTrafficPolicy?: 'Cluster' | 'Local';
  /** Port of the nodes for HTTP, 1–65535; absent: any. */
  readonly insecureNodePort?: number;
  /** The same for HTTPS. */
  readonly secureNodePort?: number;
  /** Port of the listener for HTTP, 1–65535; default 80. */
  readonly httpPort: number;
  /** TLS connections for the hosts of the rules are passed through as they are; default false. */
  readonly tlsPassthrough: boolean;
  /** Requests in the clear for hosts with TLS are redirected to HTTPS; default true. */
  readonly forceHttps: boolean;
  /** Whole request, milliseconds, 0: no limit; absent: the data plane's default (15 s). */
  readonly requestTimeoutMs?: number;
  readonly faults: readonly AnnotationFault[];
}

type Annotations = Readonly<Record<string, string>>;

/** Port of the listener for HTTPS and for TLS that is passed through. */
export const ingressHttpsPort = 443;

/** Reads the annotations of an Ingress; `classAnnotations` are those of its class. */
export function readIngressSettings(
  annotations: Annotations,
  classAnnotations: Annotations,
): IngressSettings {
  const faults: AnnotationFault[] = [];
  const read = reader(annotations, faults);
  const mode = read('loadbalancer-mode', oneOf(ingressModes)) ?? defaultMode(classAnnotations);
  const hostPort = read('host-listener-port', port);
  const optional = {
    loadBalancerClass: read('loadbalancer-class', qualified),
    externalTrafficPolicy: read('service-external-traffic-policy', oneOf(['Cluster', 'Local'])),
    insecureNodePort: read('insecure-node-port', port),
    secureNodePort: read('secure-node-port', port),
    requestTimeoutMs: read('request-timeout', duration),
  };
  const serviceType = read('service-type', oneOf(['LoadBalancer', 'NodePort'])) ?? 'LoadBalancer';
  const settings = {
    mode,
    serviceType,
    httpPort: (mode === 'dedicated' ? hostPort : undefined) ?? 80,
    tlsPassthrough: read('tls-passthrough', flag) ?? false,
    forceHttps: read('force-https', flag) ?? true,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  };
  if (mode === 'shared') faults.push(...idleWhenShared(annotations));
  if (settings.httpPort === ingressHttpsPort)
    return { ...settings, httpPort: 80, faults: [...faults, takenPort(annotations)] };
  return { ...settings, faults };
}

/** What the annotation `loadbalancer-mode` of an IngressClass says of Ingresses that say nothing, and what is wrong with it. */
export function readClassMode(annotations: Annotations): { mode: IngressMode; faults: AnnotationFault[] } {
  const faults: AnnotationFault[] = [];
  const mode = reader(annotations, faults)('loadbalancer-mode', oneOf(ingressModes)) ?? 'dedicated';
  return { mode, faults };
}

function defaultMode(classAnnotations: Annotations): IngressMode {
  return readClassMode(classAnnotations).mode;
}

/** A value, or what it must be. */
type Read<T> = { readonly value: T } | { readonly hint: string };

function reader(annotations: Annotations, faults: AnnotationFault[]) {
  return <T>(name: Name, parse: (text: string) => Read<T>): T | undefined => {
    const found = findAnnotation(annotations, name, ingressPrefixes);
    if (found === undefined) return undefined;
    const result = parse(found.value);
    if ('value' in result) return result.value;
    faults.push(wrong(found, result.hint));
    return undefined;
  };
}

function wrong({ annotation, value }: FoundAnnotation, hint: string): AnnotationFault {
  return { annotation, message: `${shownValue(value)} is not known, so it counts as not said`, hint };
}

function oneOf<const T extends string>(known: readonly T[]) {
  return (text: string): Read<T> => {
    const value = known.find((k) => k === text);
    if (value !== undefined) return { value };
    const near = closest(text, known);
    return {
      hint:
        near === undefined
          ? `one of ${known.join(', ')}`
          : `did you mean ${JSON.stringify(near)}? known are ${known.join(', ')}`,
    };
  };
}

function flag(text: string): Read<boolean> {
  if (text === 'enabled' || text === 'true') return { value: true };
  if (text === 'disabled' || text === 'false') return { value: false };
  return { hint: 'write "enabled" or "disabled"' };
}

function port(text: string): Read<number> {
  const value = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  return value >= 1 && value <= 65_535 ? { value } : { hint: 'write a port number from 1 to 65535' };
}

function qualified(text: string): Read<string> {
  const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
  const pattern = new RegExp(`^(${label}(\\.${label})*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`);
  return text.length <= 317 && pattern.test(text)
    ? { value: text }
    : { hint: 'write a name such as example.com/internal' };
}

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
/** The longest limit that is taken: 24 days and some, which fits 32 bits of milliseconds. */
const maxTimeoutMs = 2 ** 31 - 1;

/** A duration as Go writes it, rounded up to whole milliseconds. */
function duration(text: string): Read<number> {
  const bad = { hint: 'write a duration such as 30s, 1m30s or 500ms, or 0s for no limit' };
  if (text === '0') return { value: 0 };
  if (!/^([0-9]{1,10}(\.[0-9]{1,9})?(ns|us|µs|ms|s|m|h)){1,6}$/.test(text)) return bad;
  let total = 0;
  for (const [, count, unit] of text.matchAll(/([0-9.]+)(ns|us|µs|ms|s|m|h)/g))
    total += Number(count) * (unitMs[unit ?? ''] ?? 0);
  return total <= maxTimeoutMs ? { value: Math.ceil(total) } : bad;
}

/** Annotations that say how the Service of one Ingress is made. */
const ofDedicated = [
  'loadbalancer-class',
  'service-type',
  'service-external-traffic-policy',
  'insecure-node-port',
  'secure-node-port',
  'host-listener-port',
] as const;

function idleWhenShared(annotations: Annotations): AnnotationFault[] {
  return ofDedicated.flatMap((name) => {
    const found = findAnnotation(annotations, name, ingressPrefixes);
    if (found === undefined) return [];
    const message = 'has no effect on an Ingress that shares its address';
    return [
      { annotation: found.annotation, message, hint: 'remove it, or set loadbalancer-mode to dedicated' },
    ];
  });
}

function takenPort(annotations: Annotations): AnnotationFault {
  const found = findAnnotation(annotations, 'host-listener-port', ingressPrefixes);
  return {
    annotation: found?.annotation ?? 'host-listener-port',
    message: `port ${ingressHttpsPort} is that of HTTPS, so it counts as not said`,
    hint: 'choose another port for HTTP',
  };
}
