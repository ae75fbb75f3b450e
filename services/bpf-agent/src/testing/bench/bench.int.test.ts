// The benchmark itself, with few Services and short runs: it measures what it says. No figure is judged by its time.
import { describeIf } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { missingForNode } from '../rig.ts';
import { runBench } from './run.ts';
import { reportText } from './table.ts';

/** Of the ring buffer (bpf/lb_consts.h): memory of maps that hold no entries counts as well. */
const eventBytes = 4 * 1024 * 1024;

describeIf(missingForNode())('npm run bench:datapath', () => {
  test('measures every way, packets, rows and the delay of a change', async () => {
    const options = { rounds: 1, connections: 20, seconds: 0.05, services: 20, changes: 2 };
    const report = await runBench({ ...options, packetServices: [1, 10], packetRuns: 1 }, () => {});
    const names = report.ways.map(({ name }) => name);
    expect(names.slice(0, 4)).toEqual([
      'direct',
      'socket LB, 20 Services',
      'tcx, 20 Services',
      'tcx, straight into the pod, 20 Services',
    ]);
    expect(names.length + report.missing.length).toBeGreaterThanOrEqual(6);
    expect(report.ways[0]?.toDirect).toBe(1);
    for (const way of report.ways) {
      expect(way.roundTripsPerSecond.best, way.name).toBeGreaterThan(0);
      expect(way.cpuMicrosPerConnection, way.name).toBeGreaterThan(0);
      expect(way.gigabitsPerSecond.best, way.name).toBeGreaterThan(0);
    }
    expect(report.packets.map(({ services }) => services)).toEqual([1, 10]);
    expect(report.updates.rows).toBe(40);
    const { memory } = report;
    expect(memory).toMatchObject({ services: 20, tables: 0 });
    expect(memory.bytes).toBeGreaterThanOrEqual(memory.emptyBytes);
    expect(memory.emptyBytes).toBeGreaterThan(eventBytes);
    expect(report.delay).toMatchObject({ services: 20, changes: 2 });
    const text = reportText(report);
    for (const name of names) expect(text).toContain(`| ${name} |`);
  });
});
