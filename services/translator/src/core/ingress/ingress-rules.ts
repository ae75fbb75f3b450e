// Rules of Ingresses. What comes in: Ingresses, Services; what goes out: for each host its rules as the IR has them, and what
// is wrong with the others. IngressRule of networking.k8s.io/v1. ImplementationSpecific is an expression for the whole path,
// as with Cilium; empty, it is every path.
import type { Collection, Fetch, Graph } from '@sluice/incremental';
import { compareText, type IrHttpAction, type IrHttpRule, type IrPathMatch } from '@sluice/ir';
import type { Ingress, IngressBackend, IngressPath } from '@sluice/kinds';
import type { BackendNeeds } from '../backend.ts';
import { anyHostname } from '../hostname.ts';
import { normalPrefix } from '../http-match.ts';
import { regexFault } from '../regex.ts';
import { type IngressRefFault, resolveIngressBackend, resolvePassthrough } from './ingress-backend.ts';
import type { IngressModel } from './ingress-model.ts';

/** The rules for one host. */
export interface HostRules {
  /** `*` for all; `*.suffix` stands for one label. */
  readonly host: string;
  /** Empty where every path of it goes to the default backend. */
  readonly rules: readonly IrHttpRule[];
}

/** A host whose TLS connections are passed through. */
export interface PassthroughHost {
  readonly host: string;
  /** Null where the reference is invalid: connections are refused. */
  readonly servicePort: string | null;
}

/** What the rules of an Ingress come to. */
export interface IngressRules {
  /** Sorted by host. Empty where TLS is passed through. */
  readonly hosts: readonly HostRules[];
  readonly fallback: IrHttpAction | undefined;
  readonly passthrough: readonly PassthroughHost[];
  /** Paths that are not served as written, and why. */
  readonly dropped: readonly string[];
  /** Paths of all rules. */
  readonly total: number;
  readonly refFaults: readonly IngressRefFault[];
}

type Needs = BackendNeeds & {
  readonly models: Collection<IngressModel>;
  readonly ingresses: Collection<Ingress>;
};

/** Rules by `<namespace>/<name>`; none of an Ingress that is not served. */
export function ingressRules(graph: Graph, needs: Needs): Collection<IngressRules> {
  const read = (model: IngressModel, key: string, fetch: Fetch): IngressRules | undefined => {
    const ingress = fetch(needs.ingresses, key);
    if (ingress === undefined || model.refusal !== undefined) return undefined;
    return new Reading(ingress, model, { needs, fetch }).rules();
  };
  return graph.map(needs.models, 'ingress rules', read, { keep: 'nothing' });
}

/** One Ingress on its way into the IR. */
class Reading {
  readonly #ingress: Ingress;
  readonly #model: IngressModel;
  readonly #at: { readonly needs: Needs; readonly fetch: Fetch };
  readonly #dropped: string[] = [];
  readonly #refFaults: IngressRefFault[] = [];

  constructor(ingress: Ingress, model: IngressModel, at: { needs: Needs; fetch: Fetch }) {
    this.#ingress = ingress;
    this.#model = model;
    this.#at = at;
  }

  rules(): IngressRules {
    const passthrough = this.#model.settings.tlsPassthrough;
    const { spec } = this.#ingress;
    const parts = passthrough
      ? { hosts: [], fallback: undefined, passthrough: this.#passthrough() }
      : { hosts: this.#hosts(), fallback: this.#fallback(), passthrough: [] };
    const total = spec.rules.reduce((sum, { http }) => sum + (http?.paths.length ?? 0), 0);
    return { ...parts, dropped: this.#dropped, total, refFaults: this.#refFaults };
  }

  #hosts(): HostRules[] {
    const hosts = new Map<string, IrHttpRule[]>();
    this.#ingress.spec.rules.forEach(({ host, http }, r) => {
      const rules = hosts.get(host || anyHostname) ?? [];
      hosts.set(host || anyHostname, rules);
      http?.paths.forEach((path, p) => {
        const rule = this.#rule(path, { at: `spec.rules[${r}].http.paths[${p}]`, index: rules.length });
        if (rule !== undefined) rules.push(rule);
      });
    });
    return [...hosts].map(([host, rules]) => ({ host, rules })).sort((a, b) => compareText(a.host, b.host));
  }

  #rule(path: IngressPath, { at, index }: { at: string; index: number }): IrHttpRule | undefined {
    const match = pathMatch(path);
    const fault = match.type === 'regex' ? regexFault(match.value) : undefined;
    if (fault !== undefined) {
      this.#dropped.push(`${at}.path ${fault}; it matches nothing`);
      return undefined;
    }
    const action = this.#action(path.backend, `${at}.backend`);
    return { index, name: at, matches: [{ path: match, headers: [], query: [] }], action };
  }

  #fallback(): IrHttpAction | undefined {
    const { defaultBackend } = this.#ingress.spec;
    return defaultBackend === undefined ? undefined : this.#action(defaultBackend, 'spec.defaultBackend');
  }

  #action(backend: IngressBackend, at: string): IrHttpAction {
    const { needs, fetch } = this.#at;
    const { namespace } = this.#ingress.metadata;
    const target = resolveIngressBackend({ backend, namespace }, needs, fetch);
    if ('fault' in target) {
      this.#refFaults.push({ ...target.fault, message: `${at}: ${target.fault.message}` });
      return { type: 'respond', statusCode: 500, reason: 'no valid backend' };
    }
    const { requestTimeoutMs } = this.#model.settings;
    return {
      type: 'forward',
      backends: [{ cluster: target.servicePort, weight: 1 }],
      ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
    };
  }

  /** Whatever is asked for inside of TLS cannot be seen: a host goes to the backend of its path `/`, or else of its first one. */
  #passthrough(): PassthroughHost[] {
    const { namespace } = this.#ingress.metadata;
    const { needs, fetch } = this.#at;
    const found = new Map<string, PassthroughHost>();
    this.#ingress.spec.rules.forEach(({ host, http }, r) => {
      const at = `spec.rules[${r}]`;
      const paths = http?.paths ?? [];
      const chosen = Math.max(
        0,
        paths.findIndex(({ path }) => path === '/' || path === ''),
      );
      const path = paths[chosen];
      if (host === '') this.#dropped.push(`${at} has no host, which TLS that is passed through is chosen by`);
      if (paths.length > 1)
        this.#dropped.push(
          `${at}.http has ${paths.length} paths, and TLS that is passed through shows none: paths[${chosen}] takes all`,
        );
      if (host === '' || path === undefined || found.has(host)) return;
      const target = resolvePassthrough({ backend: path.backend, namespace }, needs.services, fetch);
      if ('fault' in target)
        this.#refFaults.push({
          ...target.fault,
          message: `${at}.http.paths[${chosen}].backend: ${target.fault.message}`,
        });
      found.set(host, { host, servicePort: 'fault' in target ? null : target.servicePort });
    });
    return [...found.values()].sort((a, b) => compareText(a.host, b.host));
  }
}

function pathMatch({ path, pathType }: IngressPath): IrPathMatch {
  switch (pathType) {
    case 'Exact':
      return { type: 'exact', value: path };
    case 'Prefix':
      return { type: 'prefix', value: normalPrefix(path) };
    case 'ImplementationSpecific':
      return path === '' ? { type: 'prefix', value: '/' } : { type: 'regex', value: path };
  }
}
