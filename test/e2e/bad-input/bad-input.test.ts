// Whatever stands in a file, its neighbours are served on, and the fault is named with its place.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EchoRequest, LoadGenerator, type Manifest, request, until } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { condition, gateway, httpListener, httpRoute, path, rule } from '../../harness/objects.ts';
import { useSluice } from '../../harness/use-sluice.ts';

const world = useSluice({
  backends: ['steady', 'one'],
  manifests: () => ({
    'gateway.yaml': gateway('edge'),
    'steady.yaml': httpRoute('steady', {
      parent: 'edge',
      rules: [rule('steady', { matches: [path('PathPrefix', '/steady')] })],
    }),
  }),
});

/** Neighbours are asked all the time, through everything below. */
let load: LoadGenerator;
beforeAll(async () => {
  const target = await world().sluice.target('edge', 80);
  load = new LoadGenerator({ ...target, path: '/steady', ratePerSecond: 20, maxSeconds: 600 });
});
afterAll(() => load.stop());

async function ask(at: string) {
  return request({ ...(await world().sluice.target('edge', 80)), path: at });
}

/** Waits until `sluice status` says all of these words, and gives what it says. */
async function statusSays(...words: readonly (string | RegExp)[]): Promise<string> {
  let last = '';
  const holds = (word: string | RegExp) => (typeof word === 'string' ? last.includes(word) : word.test(last));
  return until(
    async () => {
      last = (await world().sluice.cli('status', '-o', 'json')).stdout;
      return words.every(holds) && last;
    },
    {
      intervalMs: 200,
      message: () => `status to say ${words.filter((word) => !holds(word)).join(', ')}; it says\n${last}`,
    },
  );
}

/** Status stays at 1 while something is wrong, and is 0 again without it. */
async function removed(...files: readonly string[]): Promise<void> {
  world().sluice.write(Object.fromEntries(files.map((file) => [file, null])));
  await until(async () => (await world().sluice.cli('status')).code === 0, {
    intervalMs: 200,
    message: `status to be well again without ${files.join(', ')}`,
  });
}

const route = (name: string, fields: object): object => {
  const made = httpRoute(name, { parent: 'edge', rules: [rule('one')] }) as { spec: object };
  return { ...made, spec: { ...made.spec, ...fields } };
};

describe('a document that is refused is named with file and field', () => {
  it.each<[string, Manifest, readonly (string | RegExp)[]]>([
    ['malformed YAML', 'kind: Gateway\nmetadata: [\n  name: {', ['bad.yaml', /bad\.yaml:\d+:\d+/]],
    [
      'an unknown kind',
      { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRout', metadata: { name: 'x' } },
      ['bad.yaml', 'HTTPRout'],
    ],
    [
      'an unknown field',
      route('x', { hostname: ['a.example'] }),
      ['bad.yaml', 'hostname', 'HTTPRoute/default/x'],
    ],
    ['a wrong type', route('x', { hostnames: 'a.example' }), ['bad.yaml', 'hostnames']],
    ['a name that is none', httpRoute('Not_A_Name', { parent: 'edge' }), ['bad.yaml', 'name']],
    [
      'a Service name with a dot',
      { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a.b' }, spec: { ports: [{ port: 80 }] } },
      ['bad.yaml', 'name'],
    ],
    [
      'a Gateway with 5,000 listeners',
      gateway(
        'huge',
        Array.from({ length: 5_000 }, (_, i) => httpListener({ name: `l${i}`, port: i + 1 })),
      ),
      ['bad.yaml', 'listeners', '64'],
    ],
    ['a header value with a line break', withHeader('a\r\nx-evil: 1'), ['bad.yaml', 'value']],
    ['a document that is no object', '- one\n- two\n', ['bad.yaml']],
    ['bytes that are no text', '\u0000\u0001kind: Gateway', ['bad.yaml']],
  ])('%s', async (_what, manifest, words) => {
    world().sluice.write({ 'bad.yaml': manifest });
    await statusSays(...words);
    await removed('bad.yaml');
  });
});

function withHeader(value: string): object {
  return httpRoute('headers', {
    parent: 'edge',
    rules: [
      rule('one', {
        matches: [path('PathPrefix', '/headers')],
        filters: [
          { type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'x-set', value }] } },
          { type: 'ResponseHeaderModifier', responseHeaderModifier: { set: [{ name: 'x-back', value }] } },
        ],
      }),
    ],
  });
}

it.each([
  '%REQ(x)%',
  '%DOWNSTREAM_REMOTE_ADDRESS%',
  '100%',
  '%%',
  `it's "quoted" \`and\` \\ $\{so} {{on}} #`,
])('a header value is sent as it stands: %s', async (value) => {
  const { sluice } = world();
  sluice.write({ 'headers.yaml': withHeader(value) });
  await until(
    async () => {
      const answer = await ask('/headers');
      return answer.status === 200 && answer.json<EchoRequest>().headers['x-set'] === value;
    },
    { message: `x-set: ${value}` },
  );
  expect((await ask('/headers')).headers['x-back']).toBe(value);
  await removed('headers.yaml');
});

it('names with dots are served, and stay apart from their likes', async () => {
  const named = (name: string, at: string) =>
    httpRoute(name, { parent: 'edge', rules: [rule('one', { matches: [path('PathPrefix', at)] })] });
  world().sluice.write({ 'dots.yaml': [named('a.b.c', '/dotted'), named('a-b-c', '/dashed')] });
  for (const at of ['/dotted', '/dashed'])
    await until(async () => (await ask(at)).status === 200, { message: at });
  const found = await world().sluice.find('httproutes', 'a.b.c');
  expect(condition(found?.status?.parents?.[0]?.conditions, 'Accepted')?.status).toBe('True');
  await removed('dots.yaml');
  expect((await ask('/dotted')).status).toBe(404);
});

describe('a big object', () => {
  const noted = (name: string, noteBytes: number): object => {
    const made = httpRoute(name, {
      parent: 'edge',
      rules: [rule('one', { matches: [path('PathPrefix', `/${name}`)] })],
    }) as { metadata: object };
    const annotations = { 'example.com/note': 'n'.repeat(noteBytes) };
    return { ...made, metadata: { ...made.metadata, annotations } };
  };

  it('of 1.4 MiB is served', async () => {
    world().sluice.write({ 'big.yaml': noted('big', 1.4 * 1024 ** 2) });
    await until(async () => (await ask('/big')).status === 200, { message: '/big' });
    await removed('big.yaml');
  });

  it('of 9 MiB is refused by name, and the next change is served', async () => {
    world().sluice.write({ 'giant.yaml': noted('giant', 9 * 1024 ** 2) });
    await statusSays('giant', /bytes|large|big/);
    world().sluice.write({ 'after.yaml': noted('after', 10) });
    await until(async () => (await ask('/after')).status === 200, { message: '/after' });
    expect((await ask('/giant')).status).toBe(404);
    await removed('giant.yaml', 'after.yaml');
  });
});

it('200 routes of 16 rules come into force on one Gateway, and go', async () => {
  const { sluice } = world();
  const many = Array.from({ length: 200 }, (_, i) =>
    httpRoute(`many-${i}`, {
      parent: 'edge',
      hostnames: [`h${i}.example`],
      rules: Array.from({ length: 16 }, (_, j) => rule('one', { matches: [path('Exact', `/many/${j}`)] })),
    }),
  );
  sluice.write({ 'many.yaml': many });
  const target = await sluice.target('edge', 80);
  const status = async (i: number, j: number) =>
    (await request({ ...target, host: `h${i}.example`, path: `/many/${j}` })).status;
  for (const [i, j] of [
    [0, 0],
    [99, 7],
    [199, 15],
  ] as const)
    await until(async () => (await status(i, j)) === 200, {
      message: `route ${i} rule ${j}`,
    });
  expect(await status(199, 16)).toBe(404);
  await removed('many.yaml');
  await until(async () => (await status(0, 0)) === 404, {
    message: 'the routes to be gone',
  });
});

it('a file that grows in place while it is read is refused at most for a moment', async () => {
  const { sluice } = world();
  const file = join(sluice.dir, 'slow.yaml');
  const text = JSON.stringify(
    httpRoute('slow', { parent: 'edge', rules: [rule('one', { matches: [path('PathPrefix', '/slow')] })] }),
  );
  for (let length = 40; length < text.length; length += 40) writeFileSync(file, text.slice(0, length));
  writeFileSync(file, text);
  await until(async () => (await ask('/slow')).status === 200, { message: '/slow' });
  await removed('slow.yaml');
});

it('no request of a neighbour has failed through all of this', async () => {
  await until(() => load.answered > 100, { message: 'requests through all of it' });
  const report = await load.stop();
  expect(report.failures).toEqual([]);
});
