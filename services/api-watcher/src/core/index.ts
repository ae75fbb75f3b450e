export { type DocumentReading, maxFileBytes } from './read-part.ts';
export type { DeclaredObject } from './source.ts';
export { type Validation, validateDocuments, validateFiles } from './validate.ts';
