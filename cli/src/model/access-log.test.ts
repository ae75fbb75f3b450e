import { appendFileSync, writeFileSync } from 'node:fs';
import { type TempDir, tempDir } from '@sluice/testkit';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rotateLogs } from '../standalone/log-rotation.ts';
import { readAccessLog } from './access-log.ts';
import { linesBackward } from './lines-backward.ts';

/** As Envoy 1.40 wrote it. */
const request = {
  attempts: 1,
  bytes_received: 0,
  bytes_sent: 283,
  client: '127.0.0.1:56662',
  details: 'via_upstream',
  duration_ms: 2,
  flags: '-',
  host: 'shop.example',
  kind: 'request',
  local: '127.80.0.1:80',
  method: 'GET',
  path: '/steady',
  protocol: 'HTTP/1.1',
  revision: '1-23',
  route: 'default/steady/0/0',
  status: 200,
  time: '2026-11-22T20:13:26.232Z',
  upstream: '127.0.0.1:42909',
  upstream_cluster: 'default/one/8080',
  upstream_failure: null,
  upstream_ms: 2,
};
const line = (id: number): string => `${JSON.stringify({ ...request, request_id: `id-${id}` })}\n`;
const lines = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, index) => line(from + index)).join('');
const downFrom = (from: number, to: number): string[] =>
  Array.from({ length: from - to + 1 }, (_, index) => `id-${from - index}`);

let directory: TempDir;
let file: string;
beforeEach(() => {
  directory = tempDir();
  file = directory.file('access.log');
});
afterEach(() => directory[Symbol.dispose]());

async function readAll(meanwhile: (read: number) => void = () => {}) {
  const reading = readAccessLog(directory.path);
  const ids: string[] = [];
  for await (const record of reading) {
    ids.push(record.kind === 'request' ? (record.request_id ?? '') : record.kind);
    meanwhile(ids.length);
  }
  return { ids, passedOver: reading.passedOver };
}

describe('the access log', () => {
  it('is empty where there is no file', async () => {
    expect(await readAll()).toEqual({ ids: [], passedOver: { tooLong: 0, foreign: 0 } });
  });

  it('is read from the newest record to the oldest, rotated files too', async () => {
    for (const [from, to] of [
      [1, 3],
      [4, 6],
      [7, 9],
    ] as const) {
      writeFileSync(file, lines(from, to));
      rotateLogs(directory.path, 1);
    }
    appendFileSync(file, lines(10, 500));
    expect((await readAll()).ids).toEqual(downFrom(500, 1));
  });

  it('gives all fields, and connections that no listener took', async () => {
    const connection = {
      kind: 'connection',
      time: request.time,
      client: '127.0.0.1:1',
      local: '127.80.0.1:443',
      sni: 'nobody.example',
      details: null,
      flags: 'NR',
      tls_failure: null,
    };
    writeFileSync(file, line(1) + JSON.stringify(connection));
    const records = [];
    for await (const record of readAccessLog(directory.path)) records.push(record);
    expect(records).toEqual([connection, { ...request, request_id: 'id-1' }]);
  });

  it('passes over what is no record, and counts it', async () => {
    const hostile = [
      'half a line", "kind":"request"}',
      line(2).slice(0, 100),
      '[]',
      '{"kind":"request"}',
      `{"kind":"__proto__","__proto__":{"kind":"request"}}`,
      '['.repeat(100_000),
      line(3).replace('"status":200', '"status":"200"'),
      '\u0000\u001b[31m',
    ];
    writeFileSync(file, `${line(1)}${hostile.join('\n')}\n\n${line(4)}${'x'.repeat(1_000_000)}\n`);
    expect(await readAll()).toEqual({ ids: ['id-4', 'id-1'], passedOver: { tooLong: 1, foreign: 8 } });
  });

  it('loses and repeats nothing when it is rotated and written to while it is read', async () => {
    writeFileSync(file, lines(1, 1_000));
    const { ids } = await readAll((read) => {
      if (read !== 5 && read !== 400) return;
      rotateLogs(directory.path, 1);
      appendFileSync(file, lines(2_000, 2_100));
    });
    expect(ids).toEqual(downFrom(1_000, 1));
  });

  it('is not read twice where a rotation was seen half done', async () => {
    writeFileSync(file, lines(1, 100));
    writeFileSync(`${file}.1`, lines(1, 60));
    expect((await readAll()).ids).toEqual(downFrom(100, 1));
  });
});

describe('lines from behind', () => {
  const source = (text: string) => {
    const bytes = Buffer.from(text);
    return {
      size: bytes.length,
      read: async (position: number, length: number) => bytes.subarray(position, position + length),
    };
  };

  it('are those of the text, in reverse', async () => {
    const part = fc.oneof(
      fc.string({ maxLength: 5 }),
      fc.constant('\n'),
      fc.constant('é'.repeat(40_000)),
      fc.nat({ max: 140_000 }).map((length) => 'x'.repeat(length)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 12 }), async (parts) => {
        const text = parts.join('');
        const seen: (string | undefined)[] = [];
        for await (const line of linesBackward(source(text), 100_000)) seen.push(line);
        const expected = text.split('\n').filter((each) => each !== '');
        expect(seen).toEqual(
          expected.map((each) => (Buffer.byteLength(each) > 100_000 ? undefined : each)).reverse(),
        );
      }),
      { numRuns: 50 },
    );
  });
});
