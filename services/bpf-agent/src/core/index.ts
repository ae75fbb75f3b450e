// The pure part of bpf-agent.
export * from './kernel-port.ts';
