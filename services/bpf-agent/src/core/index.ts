// The pure part of bpf-agent.
export * from './kernel-port.ts';
export { type DatapathChange, DesiredMaps, type MapsChange, type MapsState } from './maps/desired-maps.ts';
export { defaultMaglevSize, type MaglevSize, maglevSizes } from './maps/maglev.ts';
export * from './maps/rows.ts';
export type { NodeSettings } from './maps/service-rows.ts';
