import type { ServerResponse } from 'node:http';
import { createLogger } from '@sluice/service-kit';
import { until } from '@sluice/testkit';
import { expect, test } from 'vitest';
import type { ApiResource } from '../../core/kubernetes/api-paths.ts';
import {
  type Answer,
  type Asked,
  line,
  objectNamed,
  page,
  refuse,
  send,
  startFaultyApi,
} from './faulty-api.fixture.ts';
import { Reflector, type ReflectorTimes } from './reflector.ts';

const logger = createLogger({ service: 'api-watcher', version: '0', replica: 'test', level: 'silent' });
const times: ReflectorTimes = {
  backoff: { firstMs: 1, maxMs: 20 },
  absent: { firstMs: 1, maxMs: 20 },
  watchSeconds: 60,
  silentMs: 60_000,
  resyncMs: 20,
};
const v1: ApiResource = { base: '/apis/g/v1', plural: 'things', namespaced: true };
const v1beta1: ApiResource = { ...v1, base: '/apis/g/v1beta1' };

/** Runs a reflector against scripted answers, and what it tells until `done`. */
async function reflected(
  answer: Answer,
  done: (told: readonly string[], asked: readonly Asked[]) => boolean,
  options: { resources?: readonly ApiResource[]; times?: Partial<ReflectorTimes> } = {},
): Promise<{ told: string[]; asked: readonly Asked[] }> {
  await using server = await startFaultyApi(answer);
  const told: string[] = [];
  const abort = new AbortController();
  const running = new Reflector({
    api: server.api,
    resources: options.resources ?? [v1],
    logger,
    times: { ...times, ...options.times },
    sink: {
      replaced: (items) => told.push(`all ${items.map(({ metadata }) => metadata.name).join(' ')}`),
      put: ({ metadata }) => told.push(`put ${metadata.name}`),
      removed: ({ metadata }) => told.push(`removed ${metadata.name}`),
      state: (state) =>
        told.push(
          state.kind === 'synced'
            ? `synced ${state.resource.base}`
            : `unavailable, ${state.unread ? 'unread' : 'none'}`,
        ),
      trouble: (what) => told.push(what),
    },
  }).run(abort.signal);
  try {
    await until(() => done(told, server.asked), {
      message: () => `the end; told: ${told.slice(0, 20).join(', ')}`,
    });
  } finally {
    abort.abort();
    await running;
  }
  return { told, asked: server.asked };
}

/** Watches are answered by the steps in turn, and the last one stays open. */
function watches(...steps: ((response: ServerResponse, asked: Asked) => void)[]): Answer {
  return (asked, response) => {
    const step = steps.shift();
    if (step === undefined) response.writeHead(200).flushHeaders();
    else step(response, asked);
  };
}
const watchesOf = (asked: readonly Asked[]): Asked[] => asked.filter(({ watch }) => watch);

test('lists in pages at one version, and begins anew when a page expires', async () => {
  let expired = false;
  const { told, asked } = await reflected(
    ({ watch, query }, response) => {
      if (watch) response.writeHead(200).flushHeaders();
      else if (query.get('continue') === null) send(response, 200, page(['a', 'b'], 7, 'more'));
      else if (!expired) {
        expired = true;
        refuse(response, 410, 'Expired');
      } else send(response, 200, page(['c'], 7));
    },
    (_, all) => watchesOf(all).length > 0,
  );
  expect(told).toEqual(['expired', 'all a b c', 'synced /apis/g/v1']);
  expect(asked.map(({ query }) => query.get('continue'))).toEqual([null, 'more', null, 'more', null]);
  expect(watchesOf(asked)[0]?.query.get('resourceVersion')).toBe('7');
  expect(watchesOf(asked)[0]?.query.get('allowWatchBookmarks')).toBe('true');
});

test('asks for everything in one piece where pages expire again and again', async () => {
  const { asked } = await reflected(
    ({ watch, query }, response) => {
      if (watch) response.writeHead(200).flushHeaders();
      else if (query.get('limit') === null) send(response, 200, page(['a'], 9));
      else if (query.get('continue') === null) send(response, 200, page(['a'], 7, 'more'));
      else refuse(response, 410, 'Expired');
    },
    (_, all) => watchesOf(all).length > 0,
  );
  expect(asked.map(({ query }) => query.get('limit'))).toEqual(['500', '500', '500', '500', null, null]);
});

test('goes on where a cut watch stood: after a bookmark, and not after half a line', async () => {
  const { told, asked } = await reflected(
    (one, response) => (one.watch ? script(one, response) : send(response, 200, page([], 1))),
    (_, all) => watchesOf(all).length > 2,
  );
  function script(one: Asked, response: ServerResponse): void {
    const from = one.query.get('resourceVersion');
    if (from === '1') {
      response.write(line('ADDED', objectNamed('a', 2)));
      response.end(line('BOOKMARK', { metadata: { resourceVersion: '5' } }));
    } else if (from === '5') {
      response.write(line('MODIFIED', objectNamed('a', 6)));
      response.write(line('DELETED', objectNamed('a', 8)).slice(0, 40), () => response.destroy());
    } else response.writeHead(200).flushHeaders();
  }
  expect(watchesOf(asked).map(({ query }) => query.get('resourceVersion'))).toEqual(['1', '5', '6']);
  expect(told.filter((t) => !t.endsWith('failed'))).toEqual(['all ', 'synced /apis/g/v1', 'put a', 'put a']);
});

test('a damaged line costs that line; the watch goes on, and everything is listed again', async () => {
  let lists = 0;
  const { told } = await reflected(
    ({ watch }, response) => {
      if (!watch) send(response, 200, page(++lists === 1 ? ['a'] : ['a', 'b', 'c'], lists));
      else if (lists > 1) response.writeHead(200).flushHeaders();
      else
        response.write(
          [
            '{"type":"ADDED","object":{"metadata":{"na\n',
            line('ADDED', { metadata: { name: 'x' } }),
            line('GONE', objectNamed('x', 2)),
            line('ADDED', objectNamed('c', 3)),
          ].join(''),
        );
    },
    (all) => all.includes('all a b c'),
  );
  expect(told).toEqual([
    'all a',
    'synced /apis/g/v1',
    'damaged-line',
    'damaged-line',
    'damaged-line',
    'put c',
    'all a b c',
  ]);
});

test('lists again when the watch is too far behind, however that is said', async () => {
  let lists = 0;
  const { told } = await reflected(
    ({ watch }, response) => {
      if (!watch) send(response, 200, page([], ++lists));
      else if (lists === 1) refuse(response, 410, 'Gone');
      else if (lists === 2)
        response.end(line('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' }));
      else response.writeHead(200).flushHeaders();
    },
    () => lists === 3,
  );
  expect(told.filter((t) => t === 'expired')).toHaveLength(2);
});

test('waits out 429 and 5xx, and lists again when no server has what the watch asks for', async () => {
  let lists = 0;
  let served = 0;
  const { asked } = await reflected(
    ({ watch }, response) => {
      if (!watch && ++lists === 1) refuse(response, 429, 'TooManyRequests', { 'retry-after': '0' });
      else if (!watch && lists === 2) refuse(response, 503);
      else if (!watch) send(response, 200, page([], 5));
      else if (++served <= 5) refuse(response, 504, 'Timeout');
      else response.writeHead(200).flushHeaders();
    },
    () => served === 6,
  );
  expect(lists).toBe(4);
  expect(watchesOf(asked)).toHaveLength(6);
});

test('a kind that is missing or may not be read is unavailable, and is picked up when it comes', async () => {
  let lists = 0;
  const { told } = await reflected(
    ({ watch }, response) => {
      if (watch) response.writeHead(200).flushHeaders();
      else if (++lists <= 2) refuse(response, 404, 'NotFound');
      else if (lists <= 4) refuse(response, 403, 'Forbidden');
      else send(response, 200, page(['a'], 5));
    },
    (all) => all.includes('synced /apis/g/v1'),
  );
  expect(new Set(told)).toEqual(
    new Set([
      'all ',
      'unavailable, none',
      'list-failed',
      'unavailable, unread',
      'all a',
      'synced /apis/g/v1',
    ]),
  );
});

test('an older bundle is read in the version that it serves', async () => {
  const { told, asked } = await reflected(
    ({ watch, path }, response) => {
      if (watch) response.writeHead(200).flushHeaders();
      else if (path.startsWith(`${v1.base}/`)) refuse(response, 404, 'NotFound');
      else send(response, 200, page(['a'], 5));
    },
    (_, all) => watchesOf(all).length > 0,
    { resources: [v1, v1beta1] },
  );
  expect(told).toEqual(['all a', 'synced /apis/g/v1beta1']);
  expect(watchesOf(asked)[0]?.path).toBe('/apis/g/v1beta1/things');
});

test('objects of a kind that was there go only after several answers that it is not served', async () => {
  let lists = 0;
  const { told } = await reflected(
    ({ watch }, response) => {
      if (!watch && ++lists === 1) send(response, 200, page(['a'], 5));
      else refuse(response, 404, 'NotFound');
    },
    (all) => all.includes('all '),
  );
  expect(told.filter((t) => t !== 'watch-failed')).toEqual([
    'all a',
    'synced /apis/g/v1',
    'list-failed',
    'list-failed',
    'list-failed',
    'all ',
    'unavailable, none',
  ]);
});

test('cuts a watch that has fallen silent, and goes on where it stood', async () => {
  const { asked } = await reflected(
    watchesAfterList(watches((response) => void response.write(line('ADDED', objectNamed('a', 4))))),
    (_, all) => watchesOf(all).length === 2,
    { times: { silentMs: 50 } },
  );
  expect(watchesOf(asked)[1]?.query.get('resourceVersion')).toBe('4');
});

test('takes objects of several MiB', async () => {
  const blob = 'x'.repeat(3 * 1024 * 1024);
  const { told } = await reflected(
    watchesAfterList(
      watches((response) => void response.write(line('ADDED', objectNamed('big', 4, { blob })))),
    ),
    (all) => all.includes('put big'),
  );
  expect(told).not.toContain('damaged-line');
});

function watchesAfterList(next: Answer): Answer {
  return (asked, response) => (asked.watch ? next(asked, response) : send(response, 200, page([], 1)));
}
