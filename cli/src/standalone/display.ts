import type { Terminal } from '../output/terminal.ts';

/** Shows lines that stay, and below them, on a terminal, a block that is redrawn. */
export class Display {
  readonly #terminal: Terminal;
  readonly #columns: () => number;
  #block: readonly string[] = [];
  #drawn = 0;

  constructor(terminal: Terminal, columns: () => number) {
    this.#terminal = terminal;
    this.#columns = columns;
  }

  /** A line that stays. */
  line(text: string): void {
    this.#erase();
    this.#terminal.out(text);
    this.#draw();
  }

  /** Replaces the block. Without a terminal it is not shown. */
  block(lines: readonly string[]): void {
    if (!this.#terminal.interactive) return;
    if (lines.length === this.#block.length && lines.every((line, i) => line === this.#block[i])) return;
    this.#erase();
    this.#block = lines;
    this.#draw();
  }

  /** Takes the block away. */
  end(): void {
    this.#erase();
    this.#block = [];
  }

  #erase(): void {
    if (this.#drawn > 0) process.stdout.write(`\u001b[${this.#drawn}A\u001b[0J`);
    this.#drawn = 0;
  }

  #draw(): void {
    if (this.#block.length === 0) return;
    for (const line of this.#block) this.#terminal.out(cut(line, this.#columns()));
    this.#drawn = this.#block.length;
  }
}

/** Cuts a line to a width so that it takes one row; colour sequences take no room. */
function cut(line: string, columns: number): string {
  let width = 0;
  let out = '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour sequences begin with ESC
  for (const part of line.split(/(\u001b\[[0-9;]*m)/)) {
    if (part.startsWith('\u001b')) out += part;
    else {
      const kept = [...part].slice(0, Math.max(0, columns - 1 - width));
      width += kept.length;
      out += kept.join('');
    }
  }
  return out;
}
