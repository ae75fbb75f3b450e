import { cpus, loadavg, release } from 'node:os';
import type { WayFigures } from './measure.ts';
import type { MemoryFigures } from './memory.ts';
import type { Nanos, PacketFigures } from './packets.ts';
import type { BenchReport } from './run.ts';

const whole = (value: number): string => Math.round(value).toLocaleString('en');
const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const ruler = (columns: number): string => row('---', ...Array<string>(columns - 1).fill('---:'));

function wayRow(figures: WayFigures): string {
  const { roundTripsPerSecond: trips, connectionsPerSecond: opened, gigabitsPerSecond: bulk } = figures;
  return row(
    figures.name,
    `${whole(trips.best)} / ${whole(trips.median)}`,
    figures.cpuMicrosPerConnection.toFixed(1),
    figures.toDirect.toFixed(2),
    `${whole(opened.best)} / ${whole(opened.median)}`,
    `${bulk.best.toFixed(1)} / ${bulk.median.toFixed(1)}`,
    whole(figures.cpuNanosPerKilobyte),
  );
}

const nanos = ({ least, median }: Nanos): string => `${whole(least)} / ${whole(median)}`;

function packetRow({ services, empty, established, opening }: PacketFigures): string {
  const own = established.least - empty.least;
  return row(whole(services), nanos(established), nanos(opening), nanos(empty), whole(own));
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

function memoryText({ services, endpoints, bytes, emptyBytes, tables }: MemoryFigures): string {
  const world = `${whole(services)} ClusterIP Services with ${endpoints} endpoints each`;
  return `memory of all maps, ${world}: ${megabytes(bytes)} (without any ${megabytes(emptyBytes)}; ${tables} Maglev tables); the goal for 10,000 is 64 MB`;
}

/** On what it was measured. */
export function machineText(): string {
  const all = cpus();
  const loads = loadavg().map((value) => value.toFixed(1));
  return `Linux ${release()}, ${all.length} cores (${all[0]?.model.trim() ?? 'unknown'}), load average ${loads.join(', ')}`;
}

/** The report as Markdown. */
export function reportText({ ways, missing, packets, memory, updates, delay }: BenchReport): string {
  return [
    row(
      'way',
      'round trips/s, best / median',
      'CPU µs per connection',
      'to direct, median',
      'connections/s',
      'Gb/s',
      'CPU ns per KiB',
    ),
    ruler(7),
    ...ways.map(wayRow),
    ...missing.map((what) => `left out: ${what}`),
    '',
    row('Services', 'established, ns least / median', 'first packet', 'empty program', 'own, least'),
    ruler(5),
    ...packets.map(packetRow),
    '',
    memoryText(memory),
    `map rows a second, of ${whole(updates.rows)}: ${whole(updates.written)} written, ${whole(updates.read)} read, ${whole(updates.removed)} removed`,
    `event on the log → map, one Service added beside ${whole(delay.services)}: ${delay.median.toFixed(1)} ms median, ${delay.worst.toFixed(1)} ms worst of ${delay.changes}; an agent's start with all of them ${whole(delay.firstMs)} ms`,
  ].join('\n');
}
