// What annotations of an Ingress ask for that a Gateway has no field for, and those that are not ours.
import { ingressPrefixes, legacyClassAnnotation } from '@sluice/kinds';
import { type ConversionNote, type Member, noteOf } from './ingress-group.ts';

/** What is said in the manifests that come out. */
const converted: ReadonlySet<string> = new Set([
  'loadbalancer-mode',
  'host-listener-port',
  'tls-passthrough',
  'force-https',
  'request-timeout',
]);

/** What to do instead. */
const instead: Readonly<Record<string, string>> = {
  'loadbalancer-class': 'the load balancer class of a Gateway is a matter of the installation',
  'service-type': 'the Service of a Gateway is of type LoadBalancer',
  'service-external-traffic-policy': 'the Service of a Gateway is as the installation makes it',
  'insecure-node-port': 'ports of the nodes are given to a Gateway, not chosen',
  'secure-node-port': 'ports of the nodes are given to a Gateway, not chosen',
};

/** Kubernetes' own, which say nothing about traffic. */
const silent = /^(kubectl\.kubernetes\.io|meta\.helm\.sh|app\.kubernetes\.io|argocd\.argoproj\.io)\//;

/** Notes on the annotations of an Ingress. */
export function annotationNotes(member: Member): ConversionNote[] {
  const { annotations } = member.ingress.metadata;
  const faults = member.settings.faults.map(({ annotation, message, hint }) =>
    noteOf(member, pathOf(annotation), `${message} (${hint})`),
  );
  const others = Object.keys(annotations).flatMap((annotation) => {
    if (annotation === legacyClassAnnotation || silent.test(annotation)) return [];
    const prefix = ingressPrefixes.find((p) => annotation.startsWith(p));
    const name = prefix === undefined ? '' : annotation.slice(prefix.length);
    if (converted.has(name)) return [];
    const words = Object.hasOwn(instead, name) ? instead[name] : 'it is none that Sluice reads on an Ingress';
    return [noteOf(member, pathOf(annotation), `has no equal: ${words}`)];
  });
  return [...faults, ...others];
}

function pathOf(annotation: string): string {
  return `metadata.annotations[${JSON.stringify(annotation)}]`;
}
