export { explainRaw, RawIndex } from './explain-raw.ts';
export type * from './raw-explanation.ts';
