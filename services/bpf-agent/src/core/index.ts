// The pure part of bpf-agent.
export * from './address.ts';
export * from './capabilities.ts';
export * from './kernel-port.ts';
export { mapCodecs } from './layout/maps.ts';
export type { Event } from './layout/values.ts';
export { event } from './layout/values.ts';
export { type DatapathChange, DesiredMaps, type MapsChange, type MapsState } from './maps/desired-maps.ts';
export { defaultMaglevSize, type MaglevSize, maglevSizes } from './maps/maglev.ts';
export * from './maps/rows.ts';
export { type NodeSettings, type ServiceRows, serviceRows } from './maps/service-rows.ts';
export { decodeRows, encodeRows, type StructCodec } from './struct-codec.ts';
