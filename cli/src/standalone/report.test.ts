import { describe, expect, it } from 'vitest';
import { assess } from '../model/assessment.ts';
import { classes, condition, gateway, gatewayApi, WorldBuilder } from '../model/world.fixture.ts';
import { fillNotes } from './notes.ts';
import { assessmentLines, lowPortLine, News, type ReportLine, readyLine } from './report.ts';

function world(bindPort = 80) {
  const builder = classes(new WorldBuilder())
    .object(gateway('g'), 7)
    .status(gatewayApi('Gateway', 'g'), {
      addresses: [{ type: 'IPAddress', value: '127.80.0.1' }],
      conditions: [condition('Accepted'), condition('Programmed')],
    })
    .resource({
      kind: 'listener',
      key: 'default/g/80',
      gateway: 'default/g',
      protocol: 'HTTP',
      addresses: ['127.80.0.1'],
      port: 80,
      bindPort,
      servers: [{ name: 'web', hostname: 'a.example', certificates: [] }],
    })
    .add('FACTS', {
      type: 'FileRefused',
      file: 'cut\u001b.yaml',
      faults: [
        {
          origin: { file: 'cut\u001b.yaml', line: 2, column: 1 },
          path: '',
          message: 'ends early',
          hint: 'finish it',
        },
      ],
    });
  return assess(builder.world, ['io.cilium/gateway-controller']);
}

describe('the words of `sluice up`', () => {
  it('name addresses, and refused files with place and mend, all of it safe to print', () => {
    expect([...assessmentLines(world()).values()].map(({ text }) => text)).toEqual([
      'Gateway/default/g  http://127.80.0.1/ (a.example)',
      'refused cut\\u001b.yaml  cut\\u001b.yaml:2:1: ends early (mend: finish it)',
    ]);
    expect(readyLine(world(), 1.234)).toBe('ready in 1.2 s: 1 Gateway and 0 routes in force, 1 refused');
  });

  it('show the port that is bound where low ports cannot be', () => {
    expect([...assessmentLines(world(10_080)).values()][0]?.text).toBe(
      'Gateway/default/g  http://127.80.0.1:10080/ (a.example)',
    );
    expect(lowPortLine(10_000)).toMatch(/port 80 is 10080 and 443 is 10443/);
    expect(lowPortLine(0)).toBeUndefined();
  });

  it('fill the notes', () => {
    const text =
      'curl {origin:default/g}/x {address:default/g} {port:443} {address:default/missing} {port:8080}\n';
    expect(fillNotes(text, world(10_080), 10_000)).toEqual([
      '',
      'curl http://127.80.0.1:10080/x 127.80.0.1 10443 - 8080',
    ]);
    expect(fillNotes('{origin:default/g}', world(), 0)[1]).toBe('http://127.80.0.1');
    expect(fillNotes('', world(), 0)).toEqual([]);
  });
});

describe('news', () => {
  const line = (text: string, of: Partial<ReportLine> = {}): ReportLine => ({ text, passing: false, ...of });
  const inForce = 'in force';
  const waiting = line('r  waiting', { passing: true });

  it.each<
    [string, readonly (readonly [number, ReportLine | typeof inForce | undefined])[], readonly string[]]
  >([
    ['a route in force is no news', [[0, inForce]], []],
    [
      'a fault is told once, and its end',
      [
        [0, line('r  faulty')],
        [10, line('r  faulty')],
        [20, inForce],
        [30, inForce],
      ],
      ['r  faulty', 'r  in force'],
    ],
    [
      'what passes in time is not told',
      [
        [0, inForce],
        [10, waiting],
        [1_000, inForce],
        [2_500, waiting],
      ],
      [],
    ],
    [
      'what stays is told',
      [
        [0, waiting],
        [2_500, waiting],
        [3_000, inForce],
      ],
      ['r  waiting', 'r  in force'],
    ],
    [
      'a fault that is gone',
      [
        [0, line('r  faulty')],
        [10, undefined],
      ],
      ['r  faulty', 'r  gone'],
    ],
    [
      'a quiet end is quiet',
      [
        [0, inForce],
        [10, undefined],
      ],
      [],
    ],
  ])('%s', (_, steps, expected) => {
    const news = new News(2_000);
    const told = steps.flatMap(([nowMs, entry]) =>
      news.since(new Map(entry === undefined || entry === inForce ? [] : [['r', entry]]), {
        nowMs,
        isInForce: () => entry === inForce,
      }),
    );
    expect(told).toEqual(expected);
  });
});
