/** What `get` prints: a document for machines and the same as a table. Absent rows: nothing of that name. */
export interface Shown {
  readonly document: unknown;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}
