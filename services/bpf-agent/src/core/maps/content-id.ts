// Ids that follow from content: 64 bits of SHA-256, so that no two nodes and no two starts differ and none has to be given out. Of a
// million sets the chance that any two meet is below one in 36 million.
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { hexOf } from '@sluice/ir';
import { type BackendSet, noSet } from './rows.ts';

/** 16 hex digits, never all zero. */
export function contentId(text: string): string {
  const id = hexOf(sha256(utf8ToBytes(text)).subarray(0, 8));
  return id === noSet ? '0000000000000001' : id;
}

/** The id of a Service port: what affinity and source ranges are kept by. */
export function groupId(servicePort: string): string {
  return contentId(`group|${servicePort}`);
}

/** Makes a set of backends that are sorted. */
export function backendSet(backends: BackendSet['backends'], tableSize: number): BackendSet {
  const rows = backends.map(({ address, port, flags }) => `${address}|${port}|${flags}`);
  return { id: contentId(['set', tableSize, ...rows].join('\n')), backends, tableSize };
}
