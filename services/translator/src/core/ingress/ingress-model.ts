// Ingresses and their classes. What comes in: Ingresses and IngressClasses of networking.k8s.io/v1 (Kubernetes 1.35); what
// goes out: for each Ingress of ours what its annotations ask for and which gateway of the IR serves it (docs/adr/0016).
import type { Collection, Fetch, Graph, Group } from '@sluice/incremental';
import { gatewayKey, type ObjectRef } from '@sluice/ir';
import {
  type Ingress,
  type IngressClass,
  type IngressSettings,
  isDefaultClass,
  namedIngressClass,
  newestClass,
  objectRefOf,
  readIngressSettings,
} from '@sluice/kinds';
import { objectKey } from '../keys.ts';

/** An IngressClass with one of our controllers. */
export interface OwnIngressClass {
  readonly name: string;
  readonly ref: ObjectRef;
  readonly uid: string;
  readonly generation: number;
  readonly createdAt: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly controller: string;
  /** Why Ingresses of this class are not served; the empty string where they are. */
  readonly fault: string;
}

/** An Ingress of ours. */
export interface IngressModel {
  readonly key: string;
  readonly ref: ObjectRef;
  readonly uid: string;
  readonly generation: number;
  readonly createdAt: string;
  readonly settings: IngressSettings;
  /** Key of the gateway of the IR that serves it: its own, or the one that it shares. */
  readonly holder: string;
  /** Why it is not served; undefined where it is. */
  readonly refusal: { readonly reason: 'NoMatchingClass' | 'Pending'; readonly message: string } | undefined;
}

/** The collections that classes come to. */
export interface IngressClasses {
  readonly all: Collection<IngressClass>;
  readonly own: Collection<OwnIngressClass>;
  /** One group, '', of the default classes, ours or not. */
  readonly defaults: Collection<Group>;
}

/** Judges the classes. */
export function ingressClasses(
  graph: Graph,
  of: { classes: Collection<IngressClass>; controllers: ReadonlySet<string> },
): IngressClasses {
  const own = graph.map(of.classes, 'own ingress classes', (ingressClass) => {
    const { metadata, spec } = ingressClass;
    if (!of.controllers.has(spec.controller)) return undefined;
    const { parameters } = spec;
    const fault =
      parameters === undefined
        ? ''
        : `parameters names a ${parameters.kind}, and no kind of parameters is supported`;
    return {
      name: metadata.name,
      ref: objectRefOf(ingressClass),
      uid: metadata.uid,
      generation: metadata.generation,
      createdAt: metadata.creationTimestamp,
      annotations: metadata.annotations,
      controller: spec.controller,
      fault,
    };
  });
  const defaults = graph.indexBy(of.classes, 'default ingress classes', (each) =>
    isDefaultClass(each) ? [''] : [],
  );
  return { all: of.classes, own, defaults };
}

/** Models by `<namespace>/<name>`. `orphans`: also of Ingresses whose class does not exist, which nobody else tells. */
export function ingressModels(
  graph: Graph,
  of: { ingresses: Collection<Ingress>; classes: IngressClasses; orphans: boolean },
): Collection<IngressModel> {
  const judge = (ingress: Ingress, key: string, fetch: Fetch): IngressModel | undefined => {
    const { metadata } = ingress;
    const name = namedIngressClass(ingress) ?? defaultClass(of.classes, fetch);
    const own = name === undefined ? undefined : fetch(of.classes.own, objectKey('', name));
    const ref = objectRefOf(ingress);
    const settings = readIngressSettings(metadata.annotations, own?.annotations ?? {});
    const base = {
      key,
      ref,
      uid: metadata.uid,
      generation: metadata.generation,
      createdAt: metadata.creationTimestamp,
      settings,
    };
    if (own === undefined) {
      const exists = name !== undefined && fetch(of.classes.all, objectKey('', name)) !== undefined;
      if (!of.orphans || exists) return undefined;
      const message =
        name === undefined
          ? 'no ingressClassName is set, and no IngressClass is the default'
          : `IngressClass ${name} does not exist`;
      return { ...base, holder: '', refusal: { reason: 'NoMatchingClass', message } };
    }
    const refusal =
      own.fault === ''
        ? undefined
        : ({ reason: 'Pending', message: `IngressClass ${own.name} is not accepted: ${own.fault}` } as const);
    return { ...base, holder: gatewayKey(settings.mode === 'shared' ? own.ref : ref), refusal };
  };
  return graph.map(of.ingresses, 'ingress models', judge, { keep: 'text' });
}

function defaultClass({ all, defaults }: IngressClasses, fetch: Fetch): string | undefined {
  const members = fetch(defaults, '')?.members() ?? [];
  return newestClass(members.map((key) => fetch(all, key)).filter((each) => each !== undefined))?.metadata
    .name;
}
