export { type PoolAddressing, poolAddresses } from './addresses.ts';
export { builtInRefs } from './built-in.ts';
export type { DeclaredObject } from './declared-object.ts';
export type { Environment, PlannedFact } from './draft.ts';
export { type PreviewInput, previewFacts } from './preview.ts';
export { type DocumentReading, maxFileBytes } from './read-part.ts';
export { isOwnCondition } from './status/conditions.ts';
export { featuresWithFields } from './status/served-features.ts';
export { type Validation, validateDocuments, validateFiles } from './validate.ts';
