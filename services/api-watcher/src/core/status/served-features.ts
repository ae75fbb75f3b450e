// Fields of the CRDs that a cluster has → which of the features that are implemented it can be asked for. A cluster with the
// standard channel, or an older bundle, drops fields that it does not know: what needs them is not served there,
// whatever the code could do. Names as in pkg/features of Gateway API v1.6.3.
import { isRecord } from '../kubernetes/api-object.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What a feature needs beyond its kind: a field of a kind, as `spec.rules[].retry`. */
interface Need {
  readonly kind: string;
  readonly field: string;
}

const retry: Need = { kind: 'HTTPRoute', field: 'spec.rules[].retry' };

/** Features whose fields some channel or older bundle lacks. */
const needs: Readonly<Record<string, Need>> = {
  BackendTLSPolicySANValidation: { kind: 'BackendTLSPolicy', field: 'spec.validation.subjectAltNames' },
  GRPCRouteNamedRouteRule: { kind: 'GRPCRoute', field: 'spec.rules[].name' },
  GatewayInfrastructure: { kind: 'Gateway', field: 'spec.infrastructure' },
  HTTPRouteBackendTimeout: { kind: 'HTTPRoute', field: 'spec.rules[].timeouts' },
  HTTPRouteCORS: { kind: 'HTTPRoute', field: 'spec.rules[].filters[].cors' },
  HTTPRouteNamedRouteRule: { kind: 'HTTPRoute', field: 'spec.rules[].name' },
  HTTPRouteParentRefPort: { kind: 'HTTPRoute', field: 'spec.parentRefs[].port' },
  HTTPRouteRequestPercentageMirror: {
    kind: 'HTTPRoute',
    field: 'spec.rules[].filters[].requestMirror.percent',
  },
  HTTPRouteRequestTimeout: { kind: 'HTTPRoute', field: 'spec.rules[].timeouts' },
  HTTPRouteRetry: retry,
  HTTPRouteRetryBackendTimeout: retry,
  HTTPRouteRetryConnectionError: retry,
};

/** Their names. */
export const featuresWithFields: ReadonlySet<string> = new Set(Object.keys(needs));

/** Kinds that a bundle may lack; the features of a kind begin with its name. */
const kindNames = [
  'BackendTLSPolicy',
  'GRPCRoute',
  'Gateway',
  'HTTPRoute',
  'ListenerSet',
  'ReferenceGrant',
  'TCPRoute',
  'TLSRoute',
  'UDPRoute',
] as const;

/** What of the Gateway API a cluster has. */
export interface Served {
  /** Kinds that it serves in some version that is read. */
  readonly kinds: ReadonlySet<string>;
  /** Features whose fields it has, of those that need any. */
  readonly features: ReadonlySet<string>;
}

/** Reads the schemas of a group. @param documents OpenAPI v3 of its versions, of any shape, the preferred one first */
export function servedBy(documents: readonly unknown[], group: string): Served {
  const schemas = new Map<string, unknown>();
  for (const document of documents)
    for (const [kind, schema] of schemasOf(document, group))
      if (!schemas.has(kind)) schemas.set(kind, schema);
  const features = Object.entries(needs)
    .filter(([, { kind, field }]) => hasField(schemas.get(kind), field))
    .map(([feature]) => feature);
  return { kinds: new Set(schemas.keys()), features: new Set(features) };
}

/** Takes out of `supportedFeatures` of a status what the cluster cannot be asked for. */
export function withServedFeatures(status: Fields, served: Served): Fields {
  const { supportedFeatures } = status;
  if (!Array.isArray(supportedFeatures)) return status;
  const kept = supportedFeatures.filter(
    (feature) => isRecord(feature) && typeof feature.name === 'string' && isServed(feature.name, served),
  );
  return { ...status, supportedFeatures: kept };
}

function isServed(feature: string, { kinds, features }: Served): boolean {
  const kind = kindNames.find((name) => feature.startsWith(name));
  if (kind !== undefined && !kinds.has(kind)) return false;
  return !Object.hasOwn(needs, feature) || features.has(feature);
}

function* schemasOf(document: unknown, group: string): Generator<[string, unknown]> {
  const components = isRecord(document) ? document.components : undefined;
  const schemas = isRecord(components) ? components.schemas : undefined;
  for (const schema of isRecord(schemas) ? Object.values(schemas) : []) {
    const gvks = isRecord(schema) ? schema['x-kubernetes-group-version-kind'] : undefined;
    for (const gvk of Array.isArray(gvks) ? gvks : [])
      if (isRecord(gvk) && gvk.group === group && typeof gvk.kind === 'string') yield [gvk.kind, schema];
  }
}

/** Whether a structural schema has a field; `[]` stands for the entries of a list. */
function hasField(schema: unknown, path: string): boolean {
  let at = schema;
  for (const step of path.split('.')) {
    const list = step.endsWith('[]');
    const properties: unknown = isRecord(at) ? at.properties : undefined;
    at = isRecord(properties) ? properties[list ? step.slice(0, -2) : step] : undefined;
    if (list) at = isRecord(at) ? at.items : undefined;
    if (at === undefined) return false;
  }
  return true;
}
