import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const recordSchema = z.strictObject({
  pid: z.int().positive(),
  startTime: z.string(),
  configHash: z.string(),
  epoch: z.int().nonnegative(),
});
/** What is kept of a running process, so that the next supervisor knows it. */
export type ProcessRecord = z.infer<typeof recordSchema>;

/** Writes a file so that a reader sees the old or the new content, never a part. Mode 0600. */
export function writeWhole(path: string, text: string): void {
  const draft = `${path}.${process.pid}.tmp`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, path);
}

/** Reads JSON of a schema; undefined where the file is missing or holds something else. */
export function readJson<T>(path: string, schema: z.ZodType<T>): T | undefined {
  try {
    const parsed = schema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** `<run>/<name>.pid`: the record of one process. */
export class PidFile {
  readonly #path: string;

  constructor(runDir: string, name: string) {
    this.#path = join(runDir, `${name}.pid`);
  }

  /** Undefined where there is none that can be read. */
  read(): ProcessRecord | undefined {
    return readJson(this.#path, recordSchema);
  }

  write(record: ProcessRecord): void {
    writeWhole(this.#path, `${JSON.stringify(record)}\n`);
  }

  remove(): void {
    rmSync(this.#path, { force: true });
  }
}
