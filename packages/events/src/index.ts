export * from './codec.ts';
export * from './facts.ts';
export * from './feedback.ts';
export * from './flow.ts';
export * from './ir-events.ts';
export * from './revision.ts';
export * from './streams.ts';
export * from './subjects.ts';
