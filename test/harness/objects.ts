/** A condition as metav1.Condition has it. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
  readonly lastTransitionTime: string;
}

/** Status of any of our kinds, as far as tests read it. */
export interface ObjectStatus {
  readonly conditions?: readonly Condition[];
  readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] };
  readonly addresses?: readonly { readonly type?: string; readonly value: string }[];
  readonly listeners?: readonly {
    readonly name: string;
    readonly attachedRoutes: number;
    readonly supportedKinds: readonly { readonly group?: string; readonly kind: string }[];
    readonly conditions: readonly Condition[];
  }[];
  readonly parents?: readonly {
    readonly parentRef: { readonly name: string; readonly sectionName?: string; readonly port?: number };
    readonly controllerName: string;
    readonly conditions: readonly Condition[];
  }[];
}

/** An object as `sluice get -o json` gives it. */
export interface KubeObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly generation?: number };
  readonly status?: ObjectStatus;
}

/** What `sluice get -o json` gives. */
export interface Listing {
  readonly items: readonly KubeObject[];
}

const gatewayApi = 'gateway.networking.k8s.io/v1';

/** A Gateway of class `sluice`; `listeners` default to one of HTTP on port 80 named `http`. */
export function gateway(
  name: string,
  listeners: readonly object[] = [httpListener()],
  more: { namespace?: string; spec?: object } = {},
): object {
  return {
    apiVersion: gatewayApi,
    kind: 'Gateway',
    metadata: { name, namespace: more.namespace ?? 'default' },
    spec: { gatewayClassName: 'sluice', listeners, ...more.spec },
  };
}

/** An HTTP listener. */
export function httpListener(fields: object = {}): object {
  return { name: 'http', protocol: 'HTTP', port: 80, ...fields };
}

/** An HTTPS listener on port 443 that terminates TLS with a Secret of the Gateway's namespace. */
export function httpsListener(name: string, hostname: string, secret: string | object): object {
  const ref = typeof secret === 'string' ? { name: secret } : secret;
  return { name, protocol: 'HTTPS', port: 443, hostname, tls: { mode: 'Terminate', certificateRefs: [ref] } };
}

/** What an HTTPRoute says. */
export interface RouteSetup {
  /** Name of a Gateway of the same namespace, or whole parentRefs. */
  readonly parent: string | readonly object[];
  readonly namespace?: string;
  readonly hostnames?: readonly string[];
  readonly rules?: readonly object[];
}

/** An HTTPRoute. */
export function httpRoute(
  name: string,
  { parent, namespace = 'default', hostnames, rules }: RouteSetup,
): object {
  return {
    apiVersion: gatewayApi,
    kind: 'HTTPRoute',
    metadata: { name, namespace },
    spec: {
      parentRefs: typeof parent === 'string' ? [{ name: parent }] : parent,
      ...(hostnames === undefined ? {} : { hostnames }),
      ...(rules === undefined ? {} : { rules }),
    },
  };
}

/** A path of an Ingress that goes to port 8080 of a Service. */
export function ingressPath(
  pathType: 'Exact' | 'Prefix' | 'ImplementationSpecific',
  value: string,
  service: string,
): object {
  return { path: value, pathType, backend: { service: { name: service, port: { number: 8080 } } } };
}

/** An Ingress of class `sluice`. */
export function ingress(
  name: string,
  spec: object,
  more: { namespace?: string; annotations?: Readonly<Record<string, string>> } = {},
): object {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name, namespace: more.namespace ?? 'default', annotations: more.annotations ?? {} },
    spec: { ingressClassName: 'sluice', ...spec },
  };
}

/** A rule that forwards to port 8080 of a Service. */
export function rule(service: string, fields: object = {}): object {
  return { ...fields, backendRefs: [backendRef(service)] };
}

/** A reference to port 8080 of a Service. */
export function backendRef(service: string, fields: object = {}): object {
  return { name: service, port: 8080, ...fields };
}

/** A match of a path. */
export function path(type: 'Exact' | 'PathPrefix' | 'RegularExpression', value: string): object {
  return { path: { type, value } };
}

/** The condition of a type. */
export function condition(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((candidate) => candidate.type === type);
}
