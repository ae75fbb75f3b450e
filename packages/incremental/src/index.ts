export type { Keep } from './cells.ts';
export type { Change, Collection } from './collection.ts';
export { type Equal, equalByContent } from './equal.ts';
export { Graph } from './graph.ts';
export type { Group } from './index-by.ts';
export type { Output } from './output.ts';
export type { Fetch } from './reads.ts';
export type { Reducer } from './reduce-by.ts';
export type { Source } from './source.ts';
