// Rules of Ingresses into the IR. What comes in: rules and where they are served; what goes out: an http-route for each host
// of each Ingress, one for its default backend, one for the redirects of each, and l4-routes for what is passed through. A
// changed Ingress is these of its own, whoever shares its listener.
import type { FactOf } from '@sluice/events';
import type { Collection, Fetch, Graph } from '@sluice/incremental';
import {
  compareText,
  type IngressRoutePart,
  type IrAttachment,
  type IrHttpAction,
  type IrHttpRoute,
  type IrHttpRule,
  type IrL4Route,
  ingressRouteKey,
  l4RouteKey,
} from '@sluice/ir';
import { type Ingress, ingressHttpsPort } from '@sluice/kinds';
import { bindPort } from '../gateway-plan.ts';
import { anyHostname } from '../hostname.ts';
import { listenerKey } from '../keys.ts';
import { httpServer } from './ingress-gateway.ts';
import type { IngressModel } from './ingress-model.ts';
import { attachmentsTo, type HostsOfIngress, type Places, placesOf, serversFor } from './ingress-places.ts';
import type { IngressRules } from './ingress-rules.ts';
import { tlsHosts } from './ingress-tls.ts';

interface Needs {
  readonly models: Collection<IngressModel>;
  readonly ingresses: Collection<Ingress>;
  readonly rules: Collection<IngressRules>;
  readonly addresses: Collection<FactOf<'AddressAssigned'>>;
}

/** Routes of HTTP. */
export function ingressRoutes(graph: Graph, needs: Needs): Collection<IrHttpRoute> {
  const offsets = graph.map(needs.addresses, 'low port offsets of ingresses', (a) => a.lowPortOffset);
  return graph.flatMap(needs.rules, 'ir ingresses', (rules, key, fetch) => {
    const model = fetch(needs.models, key);
    const ingress = fetch(needs.ingresses, key);
    if (model === undefined || ingress === undefined || model.settings.tlsPassthrough) return [];
    const { forceHttps } = model.settings;
    const hosts = new Set(rules.hosts.map(({ host }) => host));
    if (rules.fallback !== undefined) hosts.add(anyHostname);
    const all: HostsOfIngress = { hosts: [...hosts], tls: tlsHosts(ingress, false), forceHttps };
    const redirect = redirectAction(model, fetch(offsets, model.holder) ?? 0);
    return [...ofHosts(model, rules, { all, redirect }), ...ofFallback(model, rules, { all, redirect })].map(
      (route) => [route.key, route] as const,
    );
  });
}

interface Shape {
  readonly all: HostsOfIngress;
  readonly redirect: IrHttpAction;
}

function ofHosts(model: IngressModel, { hosts }: IngressRules, { all, redirect }: Shape): IrHttpRoute[] {
  return hosts.flatMap(({ host, rules }) => {
    const [first] = rules;
    if (first === undefined) return [];
    const places = placesOf(host, all);
    const matches = rules.flatMap((rule) => rule.matches);
    return [
      ...routeOf(model, { part: 'rules', host, rules, attachments: served(model, [places]) }),
      ...routeOf(model, {
        part: 'redirect',
        host,
        rules: [{ index: 0, matches, action: redirect }],
        attachments: redirected(model, [places]),
      }),
    ];
  });
}

function ofFallback(
  model: IngressModel,
  { fallback }: IngressRules,
  { all, redirect }: Shape,
): IrHttpRoute[] {
  if (fallback === undefined) return [];
  const places = all.hosts.map((host) => placesOf(host, all));
  const matches: IrHttpRule['matches'] = [{ path: { type: 'prefix', value: '/' }, headers: [], query: [] }];
  const rule = (action: IrHttpAction): IrHttpRule[] => [
    { index: 0, name: 'spec.defaultBackend', matches, action },
  ];
  return [
    ...routeOf(model, {
      part: 'default',
      host: anyHostname,
      rules: rule(fallback),
      attachments: served(model, places),
    }),
    ...routeOf(model, {
      part: 'default-redirect',
      host: anyHostname,
      rules: rule(redirect),
      attachments: redirected(model, places),
    }),
  ];
}

function routeOf(
  { key, ref, generation, createdAt }: IngressModel,
  of: { part: IngressRoutePart; host: string; rules: readonly IrHttpRule[]; attachments: IrAttachment[] },
): IrHttpRoute[] {
  if (of.attachments.length === 0) return [];
  const isFallback = of.part === 'default' || of.part === 'default-redirect';
  return [
    {
      kind: 'http-route',
      key: ingressRouteKey(key, of.part, of.host),
      source: ref,
      generation,
      createdAt,
      ...(isFallback ? { fallback: true as const } : {}),
      attachments: of.attachments,
      rules: [...of.rules],
    },
  ];
}

function served(model: IngressModel, places: readonly Places[]): IrAttachment[] {
  return sorted([
    ...attachmentsTo(httpListener(model), inTheClear(places.flatMap(({ clear }) => clear))),
    ...attachmentsTo(
      listenerKey(model.holder, ingressHttpsPort),
      places
        .flatMap(({ secure }) => secure)
        .flatMap((hostname) => serversFor(hostname).map((server) => ({ server, hostname }))),
    ),
  ]);
}

function redirected(model: IngressModel, places: readonly Places[]): IrAttachment[] {
  return attachmentsTo(httpListener(model), inTheClear(places.flatMap((place) => place.redirected)));
}

function inTheClear(hostnames: readonly string[]): { server: string; hostname: string }[] {
  return hostnames.map((hostname) => ({ server: httpServer, hostname }));
}

function sorted(attachments: IrAttachment[]): IrAttachment[] {
  return attachments.sort((a, b) => compareText(a.listener, b.listener) || compareText(a.server, b.server));
}

function httpListener({ holder, settings }: IngressModel): string {
  return listenerKey(holder, settings.httpPort);
}

/** To the port that clients reach HTTPS at. Without a port in the action the one of the Host header stays, which is none for 80. */
function redirectAction({ settings }: IngressModel, lowPortOffset: number): IrHttpAction {
  const [http, https] = [settings.httpPort, ingressHttpsPort].map((port) => bindPort(port, lowPortOffset));
  const port = http === 80 && https === 443 ? undefined : https;
  return { type: 'redirect', scheme: 'https', ...(port === undefined ? {} : { port }), statusCode: 301 };
}

/** Routes of connections that are passed through, one for each host. */
export function ingressL4Routes(
  graph: Graph,
  { models, rules }: Pick<Needs, 'models' | 'rules'>,
): Collection<IrL4Route> {
  return graph.flatMap(rules, 'ir ingresses below HTTP', ({ passthrough }, key, fetch: Fetch) => {
    const model = fetch(models, key);
    if (model === undefined) return [];
    const { ref, generation, createdAt, holder } = model;
    return passthrough.map(({ host, servicePort }) => {
      const route: IrL4Route = {
        kind: 'l4-route',
        key: l4RouteKey('TLS', ingressRouteKey(key, 'rules', host)),
        protocol: 'TLS',
        source: ref,
        generation,
        createdAt,
        attachments: attachmentsTo(listenerKey(holder, ingressHttpsPort), [{ server: host, hostname: host }]),
        backends: [{ service: servicePort, weight: 1 }],
      };
      return [route.key, route] as const;
    });
  });
}
