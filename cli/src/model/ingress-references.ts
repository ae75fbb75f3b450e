// References of an Ingress that lead nowhere: its class, the Services and ports of its backends, its Secrets; and paths that
// hardly mean what they say. In: an Ingress that is well formed; out: one warning each.
import { builtInRefs } from '@sluice/api-watcher/core';
import type { Fault } from '@sluice/events';
import {
  formatPath,
  type Ingress,
  type IngressBackend,
  legacyClassAnnotation,
  namedIngressClass,
  readIngressSettings,
} from '@sluice/kinds';
import { missing, type Tools } from './reference-tools.ts';

/** Classes that exist in standalone mode although no file declares them. */
const builtIn: ReadonlySet<string> = new Set(
  builtInRefs.filter(({ kind }) => kind === 'IngressClass').map(({ name }) => name),
);

/** Warnings on the references of an Ingress. */
export function ingressReferenceWarnings(ingress: Ingress, tools: Tools): Fault[] {
  const { defaultBackend, rules } = ingress.spec;
  const backends = rules.flatMap(({ http }, r) =>
    (http?.paths ?? []).map(({ backend }, p) => ({
      backend,
      path: `spec.rules[${r}].http.paths[${p}].backend`,
    })),
  );
  if (defaultBackend !== undefined) backends.push({ backend: defaultBackend, path: 'spec.defaultBackend' });
  const { namespace } = ingress.metadata;
  return [
    ...classWarnings(ingress, tools),
    ...secretWarnings(ingress, tools),
    ...backends.flatMap((each) => backendWarnings({ ...each, namespace }, tools)),
    ...rootExpressions(ingress, tools),
  ];
}

/** An expression is held against the whole path: of those who write `/` hardly anybody means the root alone. */
function rootExpressions({ spec }: Ingress, { warn }: Tools): Fault[] {
  return spec.rules.flatMap(({ http }, r) =>
    (http?.paths ?? []).flatMap(({ path, pathType }, p) =>
      pathType === 'ImplementationSpecific' && path === '/'
        ? [
            warn(
              `spec.rules[${r}].http.paths[${p}].path`,
              'is a regular expression for the whole path here, so it takes / and nothing below',
              'write pathType: Prefix, or leave path out for every path',
            ),
          ]
        : [],
    ),
  );
}

function classWarnings(ingress: Ingress, { find, warn }: Tools): Fault[] {
  const kind = 'IngressClass';
  const name = namedIngressClass(ingress);
  if (name === undefined || builtIn.has(name) || find(kind, '', name) !== 'missing') return [];
  const isLegacy = Object.hasOwn(ingress.metadata.annotations, legacyClassAnnotation);
  const path = isLegacy
    ? formatPath(['metadata', 'annotations', legacyClassAnnotation])
    : 'spec.ingressClassName';
  return [missing({ path, kind, namespace: '', name }, { warn })];
}

/** Where TLS is passed through, Secrets play no part. */
function secretWarnings({ metadata, spec }: Ingress, { find, warn }: Tools): Fault[] {
  if (readIngressSettings(metadata.annotations, {}).tlsPassthrough) return [];
  const { namespace } = metadata;
  return spec.tls.flatMap(({ secretName }, t) => {
    const path = `spec.tls[${t}]`;
    if (secretName === undefined)
      return [
        warn(path, 'names no secretName, so it gives no TLS', 'name a Secret of type kubernetes.io/tls'),
      ];
    if (find('Secret', namespace, secretName) !== 'missing') return [];
    return [missing({ path: `${path}.secretName`, kind: 'Secret', namespace, name: secretName }, { warn })];
  });
}

function backendWarnings(
  of: { readonly backend: IngressBackend; readonly path: string; readonly namespace: string },
  { find, warn }: Tools,
): Fault[] {
  const { backend, path, namespace } = of;
  const { service, resource } = backend;
  if (service === undefined)
    return [
      warn(
        `${path}.resource`,
        `${resource?.kind ?? 'this'} is no kind that requests go to`,
        'name a service',
      ),
    ];
  const { name, port } = service;
  const found = find('Service', namespace, name);
  if (found === 'missing')
    return [missing({ path: `${path}.service`, kind: 'Service', namespace, name }, { warn })];
  if (found === 'elsewhere' || found.object.kind !== 'Service') return [];
  const ports = found.object.spec.ports.filter(({ protocol }) => protocol === 'TCP');
  if (ports.some((each) => (port.name === undefined ? each.port === port.number : each.name === port.name)))
    return [];
  const known = ports
    .map((each) => (port.name === undefined ? String(each.port) : each.name))
    .filter(Boolean);
  const what = port.name === undefined ? `port ${port.number ?? ''}` : `port named ${port.name}`;
  return [
    warn(
      `${path}.service.port`,
      `Service ${namespace}/${name} has no TCP ${what}`,
      known.length === 0 ? 'name another Service, or add the port to it' : `one of ${known.join(', ')}`,
    ),
  ];
}
