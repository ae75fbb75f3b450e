// One table of odd paths, asked of every source of rules over HTTP: each gives the same answer, and it is the one written
// here. A source that is added to `sources` is asked all of it.
import { connect } from 'node:net';
import type { EchoRequest, RequestTarget } from '@sluice/testkit';
import { until } from '@sluice/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { gateway, httpRoute, ingress, ingressPath, path, rule } from '../../harness/objects.ts';
import type { Sluice } from '../../harness/sluice.ts';
import { useSluice } from '../../harness/use-sluice.ts';

/** The rules that every source has: an exact path, an expression, a prefix below another one, and no rule for `/`. */
const rules = {
  exact: '/exact',
  regex: '/v[0-9]+/x',
  prefix: '/a',
  longer: '/a/b',
} as const;

/** A way to write those rules. */
interface PathSource {
  readonly name: string;
  readonly objects: readonly object[];
  target(sluice: Sluice): Promise<RequestTarget>;
}

const sources: readonly PathSource[] = [
  {
    name: 'HTTPRoute',
    objects: [
      gateway('paths'),
      httpRoute('paths', {
        parent: 'paths',
        rules: [
          rule('exact', { matches: [path('Exact', rules.exact)] }),
          rule('regex', { matches: [path('RegularExpression', rules.regex)] }),
          rule('prefix', { matches: [path('PathPrefix', rules.prefix)] }),
          rule('longer', { matches: [path('PathPrefix', rules.longer)] }),
        ],
      }),
    ],
    target: (sluice) => sluice.target('paths', 80),
  },
  {
    name: 'Ingress',
    objects: [
      ingress('paths', {
        rules: [
          {
            http: {
              paths: [
                ingressPath('Exact', rules.exact, 'exact'),
                ingressPath('ImplementationSpecific', rules.regex, 'regex'),
                ingressPath('Prefix', rules.prefix, 'prefix'),
                ingressPath('Prefix', rules.longer, 'longer'),
              ],
            },
          },
        ],
      }),
    ],
    target: (sluice) => sluice.ingressTarget('paths', 80),
  },
];

/** What is sent, and what comes: the status, and of a 200 the backend with the path that it saw. */
const table: readonly (readonly [sent: string, answer: string])[] = [
  ['/a', '200 prefix /a'],
  ['/a/', '200 prefix /a/'],
  ['/ab', '404'],
  ['/A', '404'],
  ['//a', '200 prefix /a'],
  ['/a//b', '200 longer /a/b'],
  ['/a/./b', '200 longer /a/b'],
  ['/a/x/../b', '200 longer /a/b'],
  ['/a/b/..', '200 prefix /a/'],
  ['/x/../../a', '200 prefix /a'],
  ['/../a', '200 prefix /a'],
  ['/a/%2e/b', '200 longer /a/b'],
  ['/a/x/%2e%2e/b', '200 longer /a/b'],
  ['/a/%2E%2e/exact', '200 exact /exact'],
  ['/a%2fb', '400'],
  ['/a%2Fb', '400'],
  ['/a%5cb', '400'],
  ['/a\\b', '200 longer /a/b'],
  ['/a;x=y', '404'],
  ['/a;x=y/b', '404'],
  ['/a/b;x=y', '200 prefix /a/b;x=y'],
  ['/a/..;/exact', '200 exact /exact'],
  ['/exact', '200 exact /exact'],
  ['/exact/', '404'],
  ['/exact?x=/a', '200 exact /exact?x=/a'],
  ['/exact%3f', '404'],
  ['/v1/x', '200 regex /v1/x'],
  ['/v1/x/', '404'],
  ['/v1//x', '200 regex /v1/x'],
  ['/v%31/x', '200 regex /v1/x'],
  ['/%61', '200 prefix /a'],
  ['/', '404'],
];

const world = useSluice({
  backends: Object.keys(rules),
  manifests: () => Object.fromEntries(sources.map(({ name, objects }) => [`${name}.yaml`, [...objects]])),
});

/** Sends a request line as it stands: clients put paths in order before they send them. */
function raw({ address, port }: RequestTarget, sent: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, address);
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', reject);
    socket.on('end', () => resolve(text));
    socket.write(`GET ${sent} HTTP/1.1\r\nHost: any.example\r\nConnection: close\r\n\r\n`);
  });
}

async function answerOf(target: RequestTarget, sent: string): Promise<string> {
  const text = await raw(target, sent);
  const status = /^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 'nothing';
  if (status !== '200') return status;
  const { name, path: seen } = JSON.parse(
    text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1),
  ) as EchoRequest;
  return `200 ${name} ${seen}`;
}

describe.each(sources)('$name', (source) => {
  let target: RequestTarget;
  beforeAll(async () => {
    const { sluice } = world();
    target = await source.target(sluice);
    await until(async () => (await answerOf(target, '/a')).startsWith('200'));
  });

  it.each(table)('%s is answered %s', async (sent, answer) => {
    expect(await answerOf(target, sent)).toBe(answer);
  });
});
