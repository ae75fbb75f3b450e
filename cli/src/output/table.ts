import stringWidth from 'string-width';
import { escapeText } from './escape.ts';

const gap = '   ';
/** Text of which each character takes one column. */
const plain = /^[\x20-\x7e]*$/;

interface Cell {
  readonly text: string;
  /** Columns of a terminal that it takes. */
  readonly width: number;
}

/**
 * Columns of text without borders, as kubectl prints them. Every cell is escaped; `paint` may colour a cell after that.
 * An empty list of rows gives the head alone.
 */
export function formatTable(of: {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly paint?: (cell: string, column: number, row: number) => string;
}): string {
  const { paint = (cell) => cell } = of;
  const lines = [
    of.head.map((text) => cellOf(text)),
    ...of.rows.map((row, y) => row.map((cell, x) => cellOf(paint(escapeText(cell), x, y)))),
  ];
  const widths: number[] = [];
  for (const line of lines)
    for (const [x, { width }] of line.entries()) widths[x] = Math.max(widths[x] ?? 0, width);
  return lines.map((line) => lineOf(line, widths)).join('\n');
}

function cellOf(text: string): Cell {
  return { text, width: plain.test(text) ? text.length : stringWidth(text) };
}

function lineOf(line: readonly Cell[], widths: readonly number[]): string {
  return line
    .map(({ text, width }, x) => text + ' '.repeat((widths[x] ?? width) - width))
    .join(gap)
    .trimEnd();
}
