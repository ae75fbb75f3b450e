export type { Change, Collection } from './collection.ts';
export { type Equal, equalByContent } from './equal.ts';
export { Graph, type Output } from './graph.ts';
export type { Group } from './index-by.ts';
export type { Fetch } from './reads.ts';
export type { Reducer } from './reduce-by.ts';
export type { Source } from './source.ts';
