import Table from 'cli-table3';
import { escapeText } from './escape.ts';

const bare = {
  mid: '',
  'left-mid': '',
  'mid-mid': '',
  'right-mid': '',
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
};
const noBorder = {
  ...bare,
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  right: '',
  middle: '   ',
};

/**
 * Columns of text without borders, as kubectl prints them. Every cell is escaped; `paint` may colour a cell after that.
 * An empty list of rows gives the head alone.
 */
export function formatTable(of: {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly paint?: (cell: string, column: number, row: number) => string;
}): string {
  const paint = of.paint ?? ((cell: string) => cell);
  const table = new Table({
    chars: noBorder,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push([...of.head]);
  of.rows.forEach((row, y) => {
    table.push(row.map((cell, x) => paint(escapeText(cell), x, y)));
  });
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
