// The file of `sluice log export`: the exports of several streams one after the other. Each begins with a line that
// names its format; all further lines are messages.

/** True for the line that begins the export of a stream. */
export function isExportHead(line: string): boolean {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'format' in value && 'definition' in value;
  } catch {
    return false;
  }
}

/** Lines of a file, cut into the exports of single streams. */
export function splitExport(lines: readonly string[]): string[][] {
  const parts: string[][] = [];
  for (const line of lines) {
    if (isExportHead(line)) parts.push([line]);
    else parts.at(-1)?.push(line);
  }
  return parts;
}
