import type { IrListener, ObjectRef } from '@sluice/ir';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assess } from '../model/assessment.ts';
import {
  classes,
  condition,
  gateway,
  gatewayApi,
  parentStatus,
  route,
  WorldBuilder,
} from '../model/world.fixture.ts';
import { WatchedState } from './watched-state.ts';

const ours = ['io.cilium/gateway-controller'];
const name = fc.constantFrom('a', 'b', 'c');
const generation = fc.integer({ min: 1, max: 3 });

type Step = (builder: WorldBuilder) => unknown;

const verdicts = fc.tuple(generation, fc.constantFrom('good', 'refused', 'unresolved', 'partial', 'unknown'));
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(name, name, generation).map(
    ([r, g, generation]): Step =>
      (builder) =>
        builder.object(route(r, g, generation), generation),
  ),
  fc.tuple(name, name, verdicts).map(
    ([r, g, verdict]): Step =>
      (builder) =>
        builder.status(gatewayApi('HTTPRoute', r), parentStatus(g, conditionsOf(verdict))),
  ),
  fc.tuple(name, generation, fc.constantFrom('cilium', 'other')).map(
    ([g, generation, of]): Step =>
      (builder) =>
        builder.object(gateway(g, generation, of)),
  ),
  fc.tuple(name, fc.constantFrom('HTTPRoute', 'Gateway')).map(
    ([name, kind]): Step =>
      (builder) =>
        builder.add('FACTS', { type: 'ObjectDeleted', ref: gatewayApi(kind, name), uid: 'u' }),
  ),
  name.map(
    (r): Step =>
      (builder) =>
        builder.add('STATUS', { type: 'StatusRemoved', ref: gatewayApi('HTTPRoute', r) }),
  ),
);

const ingressRef = (kind: 'Ingress' | 'IngressClass', name: string): ObjectRef => ({
  group: 'networking.k8s.io',
  kind,
  namespace: kind === 'Ingress' ? 'default' : '',
  name,
});

const ingressManifest = (name: string, generation: number, ingressClassName: string): object => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name, generation },
  spec: { ingressClassName, defaultBackend: { service: { name: 's', port: { number: 80 } } } },
});

const classManifest = (name: string, controller: string): object => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name },
  spec: { controller },
});

const listenerOf = (name: string, bindPort: number): IrListener => ({
  kind: 'listener',
  key: `ingress:default/${name}/80`,
  gateway: `ingress:default/${name}`,
  protocol: 'HTTP',
  addresses: ['127.80.0.1'],
  port: 80,
  bindPort,
  servers: [],
});

const className = fc.constantFrom('ours', 'theirs');
const ingressSteps: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(name, generation, className).map(
    ([i, g, of]): Step =>
      (builder) =>
        builder.object(ingressManifest(i, g, of), g),
  ),
  fc
    .tuple(
      className,
      fc.constantFrom('sluice.dev/ingress-controller', 'cilium.io/ingress-controller', 'x.y/z'),
    )
    .map(
      ([of, controller]): Step =>
        (builder) =>
          builder.object(classManifest(of, controller)),
    ),
  fc.tuple(name, verdicts, fc.constantFrom('', 'True', 'False'), generation).map(
    ([i, verdict, programmed, g]): Step =>
      (builder) =>
        builder.status(ingressRef('Ingress', i), {
          conditions: [
            ...conditionsOf(verdict),
            ...(programmed === ''
              ? []
              : [
                  condition('Programmed', { status: programmed as 'True', reason: 'Pending', generation: g }),
                ]),
          ],
        }),
  ),
  fc.tuple(name, fc.constantFrom('Ingress' as const, 'IngressClass' as const), className).map(
    ([i, kind, of]): Step =>
      (builder) => {
        const ref = ingressRef(kind, kind === 'Ingress' ? i : of);
        builder.add('FACTS', { type: 'ObjectDeleted', ref, uid: 'u' });
      },
  ),
  name.map(
    (i): Step =>
      (builder) =>
        builder.add('STATUS', { type: 'StatusRemoved', ref: ingressRef('Ingress', i) }),
  ),
  fc.tuple(name, fc.constantFrom(80, 10_080)).map(
    ([i, port]): Step =>
      (builder) =>
        builder.resource(listenerOf(i, port)),
  ),
);

function conditionsOf([generation, verdict]: readonly [number, string]) {
  const status = verdict === 'refused' ? 'False' : 'True';
  const accepted = condition('Accepted', { generation, status, reason: verdict, message: 'of the test' });
  if (verdict === 'unresolved')
    return [accepted, condition('ResolvedRefs', { generation, status: 'False', reason: 'BackendNotFound' })];
  if (verdict === 'partial') return [accepted, condition('PartiallyInvalid', { generation })];
  return verdict === 'unknown' ? [] : [accepted];
}

describe('what is told of a running instance', () => {
  it('is what the whole log says, whatever changes in whatever order and whenever it is looked at', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.oneof(steps, ingressSteps), fc.boolean()), { maxLength: 30 }),
        (all) => {
          const watched = new WatchedState();
          const builder = classes(new WorldBuilder((stream, events) => watched.apply(stream, events, false)));
          for (const [step, looked] of all) {
            step(builder);
            if (looked) assess(watched.world, ours, watched.boards);
          }
          const { routes, ...rest } = assess(builder.world, ours);
          const { routes: own, ...others } = assess(watched.world, ours, watched.boards);
          expect(others).toEqual(rest);
          expect([own.inForce, own.troubled]).toEqual([routes.inForce, routes.troubled]);
          for (const r of ['a', 'b', 'c'])
            expect(own.isInForce(`HTTPRoute/default/${r}`)).toBe(routes.isInForce(`HTTPRoute/default/${r}`));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('begins anew with a reset of a stream', () => {
    const watched = new WatchedState();
    const builder = new WorldBuilder((stream, events) => watched.apply(stream, events, false));
    classes(builder)
      .object(gateway('g'))
      .object(route('r', 'g'))
      .status(gatewayApi('HTTPRoute', 'r'), parentStatus('g', [condition('Accepted')]));
    const routes = () => assess(watched.world, ours, watched.boards).routes;
    expect(routes()).toMatchObject({ inForce: 1, troubled: [] });
    watched.apply('STATUS', [], true);
    expect(routes()).toMatchObject({ inForce: 0, troubled: [{ message: 'no status yet' }] });
    watched.apply('FACTS', [], true);
    expect(routes()).toMatchObject({ inForce: 0, troubled: [] });
    expect(watched.newestFact).toBe(0);
  });

  it('begins anew with a reset for Ingresses, too', () => {
    const watched = new WatchedState();
    const builder = new WorldBuilder((stream, events) => watched.apply(stream, events, false));
    builder
      .object(classManifest('ours', 'cilium.io/ingress-controller'))
      .object(ingressManifest('i', 1, 'ours'))
      .status(ingressRef('Ingress', 'i'), { conditions: [condition('Accepted')] });
    const gateways = () => assess(watched.world, ours, watched.boards).gateways;
    expect(gateways()).toEqual([]);
    watched.apply('STATUS', [], true);
    expect(gateways()).toMatchObject([{ ref: { name: 'i' }, message: 'no status yet' }]);
    watched.apply('FACTS', [], true);
    expect(gateways()).toEqual([]);
  });

  it('does not keep what a route asks for', () => {
    const watched = new WatchedState();
    const builder = new WorldBuilder((stream, events) => watched.apply(stream, events, false));
    builder.object(route('r', 'g')).status(gatewayApi('HTTPRoute', 'r'), parentStatus('g', []));
    expect([watched.world.facts.size, watched.world.statuses.size, watched.newestFact]).toEqual([0, 0, 1]);
  });
});
