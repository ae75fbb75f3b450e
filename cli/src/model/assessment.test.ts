import { describe, expect, it } from 'vitest';
import { assess } from './assessment.ts';
import { worldChecks } from './checks.ts';
import {
  classes,
  condition,
  gateway,
  gatewayApi,
  parentStatus,
  route,
  WorldBuilder,
} from './world.fixture.ts';

const ours = ['sluice.dev/gateway-controller', 'io.cilium/gateway-controller'];
const accepted = condition('Accepted');
const programmed = condition('Programmed');
const addresses = [{ type: 'IPAddress', value: '127.80.0.1' }];

function start(): WorldBuilder {
  return classes(new WorldBuilder());
}

describe('a Gateway', () => {
  const state = (builder: WorldBuilder) => assess(builder.world, ours).gateways[0];

  it.each([
    ['no status', undefined, 'waiting', 'no status yet'],
    ['programmed', { addresses, conditions: [accepted, programmed] }, 'in-force', ''],
    [
      'an older generation',
      { conditions: [accepted, condition('Programmed', { generation: 0 })] },
      'waiting',
      'its newest generation has not been seen yet',
    ],
    [
      'pending',
      {
        conditions: [
          accepted,
          condition('Programmed', { status: 'False', reason: 'Pending', message: 'no Envoy' }),
        ],
      },
      'waiting',
      'no Envoy',
    ],
    [
      'not accepted',
      {
        conditions: [
          condition('Accepted', { status: 'False', reason: 'Invalid', message: 'bad' }),
          condition('Programmed', { status: 'False', reason: 'Pending' }),
        ],
      },
      'faulty',
      'Invalid: bad',
    ],
    [
      'refused by Envoy',
      {
        conditions: [
          accepted,
          condition('Programmed', { status: 'False', reason: 'Invalid', message: 'port in use' }),
        ],
      },
      'faulty',
      'Invalid: port in use',
    ],
    [
      'programmed with one broken listener',
      {
        conditions: [accepted, programmed],
        listeners: [
          {
            name: 'tls',
            conditions: [
              condition('ResolvedRefs', {
                status: 'False',
                reason: 'InvalidCertificateRef',
                message: 'no Secret',
              }),
            ],
          },
        ],
      },
      'in-force',
      'listener tls: InvalidCertificateRef: no Secret',
    ],
  ] as const)('with %s', (_, status, progress, message) => {
    const builder = start().object(gateway('g'));
    if (status !== undefined) builder.status(gatewayApi('Gateway', 'g'), status);
    expect(state(builder)).toMatchObject({ progress, message });
  });

  it('of another controller is none of ours', () => {
    expect(assess(start().object(gateway('g', 1, 'other')).world, ours).gateways).toEqual([]);
  });
});

describe('a route', () => {
  const state = (builder: WorldBuilder) => {
    const { troubled, isInForce } = assess(builder.world, ours).routes;
    return isInForce('HTTPRoute/default/r') ? { progress: 'in-force' } : troubled[0];
  };

  it.each([
    ['no status', undefined, 'waiting'],
    ['accepted', [accepted], 'in-force'],
    ['accepted at an older generation', [condition('Accepted', { generation: 0 })], 'waiting'],
    ['refused', [condition('Accepted', { status: 'False', reason: 'NotAllowedByListeners' })], 'faulty'],
    [
      'unresolved',
      [accepted, condition('ResolvedRefs', { status: 'False', reason: 'BackendNotFound' })],
      'faulty',
    ],
    ['partly invalid', [accepted, condition('PartiallyInvalid', { reason: 'UnsupportedValue' })], 'faulty'],
  ] as const)('that is %s', (_, conditions, progress) => {
    const builder = start().object(gateway('g')).object(route('r', 'g'));
    if (conditions !== undefined) builder.status(gatewayApi('HTTPRoute', 'r'), parentStatus('g', conditions));
    expect(state(builder)).toMatchObject({ progress });
  });

  it('whose Gateway is missing is named and not waited for', () => {
    const assessment = assess(start().object(route('r', 'nobody')).world, ours);
    expect(assessment.routes.troubled).toMatchObject([
      { progress: 'faulty', message: 'no Gateway default/nobody is there' },
    ]);
    expect(assessment.waitingFor).toEqual([]);
  });

  it('of another controller is none of ours', () => {
    expect(
      assess(
        start()
          .object(gateway('g', 1, 'other'))
          .object(route('r', 'g')).world,
        ours,
      ).routes,
    ).toMatchObject({ inForce: 0, troubled: [] });
  });
});

describe('what is waited for', () => {
  function inForce(): WorldBuilder {
    return start()
      .object(gateway('g'))
      .status(gatewayApi('Gateway', 'g'), { addresses, conditions: [accepted, programmed] })
      .add('IR', {
        type: 'RevisionCommitted',
        revision: { epoch: 1, seq: 9 },
        translator: '1',
        changes: 1,
        stateHash: '0'.repeat(64),
      });
  }
  const envoy = (seq: number, state: 'connected' | 'silent' | 'disconnected' = 'connected') =>
    ({ type: 'EnvoyStateChanged', server: 's', node: 'e', state, acked: { epoch: 1, seq } }) as const;

  it.each([
    ['no Envoy', [], ['an Envoy to connect']],
    ['one that is behind', [envoy(8)], ['Envoy e to acknowledge revision 1-9']],
    ['one that has everything', [envoy(9)], []],
    ['one that has gone', [envoy(9, 'disconnected')], ['an Envoy to connect']],
    [
      'one of an xds-server that has started anew',
      [envoy(9), { type: 'XdsServerStarted', server: 's' }],
      ['an Envoy to connect'],
    ],
  ] as const)('with %s', (_, acks, expected) => {
    expect(assess(inForce().add('ACKS', ...acks).world, ours).waitingFor).toEqual(expected);
  });

  it('is nothing where nothing is asked for', () => {
    expect(assess(start().world, ours).waitingFor).toEqual([]);
  });

  it('and every check of status has an id of its own', () => {
    const builder = inForce().object(route('r', 'g')).add('ACKS', envoy(9));
    const ids = worldChecks(builder.world, { controllerNames: ours }).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(
      worldChecks(builder.world, { controllerNames: ours }).find(({ id }) => id === 'route/default/r'),
    ).toMatchObject({
      state: 'warn',
      cause: 'no status yet',
      next: 'sluice get httproute r -n default -o yaml',
    });
  });
});

describe('refused input', () => {
  const origin = { file: 'bad.yaml', line: 3, column: 5 };
  const fault = { origin, path: 'spec.backendRefs', message: 'unknown field', hint: 'move it' };

  it('is listed with its place, and fails the status', () => {
    const builder = start()
      .add('FACTS', { type: 'ObjectRefused', ref: gatewayApi('HTTPRoute', 'r'), faults: [fault] })
      .add('FACTS', { type: 'FileRefused', file: 'cut.yaml', faults: [{ ...fault, path: '' }] });
    const { refusals } = assess(builder.world, ours);
    expect(refusals.map(({ what }) => what)).toEqual(['HTTPRoute/default/r', 'cut.yaml']);
    expect(
      worldChecks(builder.world, { controllerNames: ours }).filter(({ id }) => id.startsWith('refused/')),
    ).toMatchObject([
      {
        state: 'fail',
        cause: 'bad.yaml:3:5: spec.backendRefs: unknown field; mend: move it',
        next: 'sluice validate bad.yaml',
      },
      { state: 'fail', cause: 'bad.yaml:3:5: unknown field; mend: move it' },
    ]);
  });

  it('files are named as the user types them', () => {
    const builder = start().add('FACTS', { type: 'FileRefused', file: 'bad.yaml', faults: [fault] });
    const typed = (file: string) => `manifests/${file}`;
    expect(
      worldChecks(builder.world, { controllerNames: ours, typed }).find(
        ({ id }) => id === 'refused/bad.yaml',
      ),
    ).toMatchObject({
      cause: expect.stringMatching(/^manifests\/bad\.yaml:3:5: /),
      next: 'sluice validate manifests/bad.yaml',
    });
  });

  it('an event that cannot be decoded is told, and changes nothing else', () => {
    const builder = start().raw('FACTS', {
      subject: 'object.v1._.Service.default.x',
      type: 'ObjectChanged',
      tombstone: false,
      data: new TextEncoder().encode('{'),
    });
    expect(
      worldChecks(builder.world, { controllerNames: ours }).find(({ id }) => id === 'events'),
    ).toMatchObject({
      state: 'warn',
    });
  });
});
