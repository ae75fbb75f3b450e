/** The marks between which a guide holds the table of a run. */
export const startMark = '<!-- bench:start -->';
export const endMark = '<!-- bench:end -->';

/**
 * `document` with `block` between the marks instead of what stands there.
 * @throws Error where it has not both marks in this order
 */
export function withBlock(document: string, block: string): string {
  const start = document.indexOf(startMark);
  const end = document.indexOf(endMark);
  if (start < 0 || end < start)
    throw new Error(`the file needs a line ${startMark} and below it a line ${endMark}`);
  return `${document.slice(0, start + startMark.length)}\n${block}\n${document.slice(end)}`;
}
