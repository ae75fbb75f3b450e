// Gateway API v1.7.0: status of HTTPRoutes, and what becomes of objects that are refused.
import { type EchoRequest, request, until } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import {
  backendRef,
  condition,
  gateway,
  httpListener,
  httpRoute,
  path,
  rule,
} from '../../harness/objects.ts';
import { useSluice } from '../../harness/use-sluice.ts';

const invalid = { ...httpRoute('invalid', { parent: 'edge', rules: [rule('one')] }) } as {
  spec: Record<string, unknown>;
};
invalid.spec = { ...invalid.spec, backendRefs: [backendRef('one')] };

const world = useSluice({
  backends: ['one', 'two'],
  manifests: () => ({
    'gateway.yaml': gateway('edge', [httpListener({ hostname: '*.example' })]),
    'good.yaml': httpRoute('good', { parent: 'edge', hostnames: ['good.example'], rules: [rule('one')] }),
    'hostname.yaml': httpRoute('hostname', {
      parent: 'edge',
      hostnames: ['elsewhere.org'],
      rules: [rule('one')],
    }),
    'section.yaml': httpRoute('section', {
      parent: [{ name: 'edge', sectionName: 'absent' }],
      rules: [rule('one')],
    }),
    'port.yaml': httpRoute('port', { parent: [{ name: 'edge', port: 81 }], rules: [rule('one')] }),
    'namespace.yaml': httpRoute('namespace', {
      parent: [{ name: 'edge', namespace: 'default' }],
      namespace: 'elsewhere',
      rules: [rule('one')],
    }),
    'backend.yaml': httpRoute('backend', {
      parent: 'edge',
      hostnames: ['backend.example'],
      rules: [rule('absent')],
    }),
    'kind.yaml': httpRoute('kind', {
      parent: 'edge',
      hostnames: ['kind.example'],
      rules: [{ backendRefs: [backendRef('one', { group: 'storage.example', kind: 'Bucket' })] }],
    }),
    'foreign.yaml': httpRoute('foreign', {
      parent: 'edge',
      hostnames: ['foreign.example'],
      rules: [{ backendRefs: [backendRef('one', { namespace: 'elsewhere' })] }],
    }),
    'invalid.yaml': invalid,
  }),
});

async function parentOf(name: string, namespace?: string) {
  return (await world().sluice.find('httproutes', name, namespace))?.status?.parents?.[0];
}

async function taker(host: string): Promise<string | number> {
  const answer = await request({ ...(await world().sluice.target('edge', 80)), host });
  return answer.status === 200 ? answer.json<EchoRequest>().name : answer.status;
}

it('a good route is accepted at its generation', async () => {
  const found = await world().sluice.find('httproutes', 'good');
  const [parent, ...more] = found?.status?.parents ?? [];
  expect(more).toEqual([]);
  expect(parent).toMatchObject({
    parentRef: { name: 'edge' },
    controllerName: 'sluice.dev/gateway-controller',
  });
  for (const type of ['Accepted', 'ResolvedRefs']) {
    expect(condition(parent?.conditions, type)).toMatchObject({
      status: 'True',
      reason: type,
      observedGeneration: found?.metadata.generation,
    });
  }
});

describe('a route that cannot attach says why', () => {
  it.each([
    ['hostname', 'default', 'NoMatchingListenerHostname'],
    ['section', 'default', 'NoMatchingParent'],
    ['port', 'default', 'NoMatchingParent'],
    ['namespace', 'elsewhere', 'NotAllowedByListeners'],
  ])('%s', async (name, namespace, reason) => {
    expect(condition((await parentOf(name, namespace))?.conditions, 'Accepted')).toMatchObject({
      status: 'False',
      reason,
    });
  });
});

describe('a reference that leads nowhere is told, and answered 500', () => {
  it.each([
    ['backend', 'BackendNotFound'],
    ['kind', 'InvalidKind'],
    ['foreign', 'RefNotPermitted'],
  ])('%s', async (name, reason) => {
    const { conditions = [] } = (await parentOf(name)) ?? {};
    expect(condition(conditions, 'ResolvedRefs')).toMatchObject({ status: 'False', reason });
    expect(condition(conditions, 'Accepted')).toMatchObject({ status: 'True' });
    expect(await taker(`${name}.example`)).toBe(500);
  });
});

it('a reference that is mended is served', async () => {
  const { sluice } = world();
  sluice.write({
    'backend.yaml': httpRoute('backend', {
      parent: 'edge',
      hostnames: ['backend.example'],
      rules: [rule('two')],
    }),
  });
  await until(async () => (await taker('backend.example')) === 'two');
  await until(
    async () => condition((await parentOf('backend'))?.conditions, 'ResolvedRefs')?.status === 'True',
  );
});

describe('an object that is refused', () => {
  it('is named by `sluice status` with file, field and mend, and ends it with 1', async () => {
    const { code, output } = await world().sluice.cli('status');
    expect(code).toBe(1);
    expect(output).toContain('invalid.yaml');
    expect(output).toContain('backendRefs');
  });

  it('leaves its last good version in force', async () => {
    const { sluice } = world();
    const good = httpRoute('good', { parent: 'edge', hostnames: ['good.example'], rules: [rule('one')] });
    const spoiled = httpRoute('good', {
      parent: 'edge',
      hostnames: ['good.example'],
      rules: [rule('two', { matches: [path('Exact', 'no-slash')] })],
    });
    sluice.write({ 'good.yaml': spoiled });
    await until(async () => (await sluice.cli('status')).output.includes('good.yaml'), {
      intervalMs: 200,
    });
    expect(await taker('good.example')).toBe('one');
    sluice.write({ 'good.yaml': good });
    await until(async () => !(await sluice.cli('status')).output.includes('good.yaml'), {
      intervalMs: 200,
    });
    expect(await taker('good.example')).toBe('one');
  });

  it('is gone from the findings when it is mended', async () => {
    const { sluice } = world();
    sluice.write({ 'invalid.yaml': null });
    await until(async () => !(await sluice.cli('status')).output.includes('invalid.yaml'), {
      intervalMs: 200,
    });
  });
});
