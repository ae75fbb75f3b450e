// Maglev (Eisenbud et al., NSDI 2016, section 3.4): from backends to a table in which a hash of the connection is looked up. All nodes
// build the same table, since it follows from the names of the backends alone; of N backends one that goes takes little but its own.
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';

/** Sizes that a table may have: the largest primes below powers of two, as Cilium has them (docs, kube-proxy replacement, maglev.tableSize). */
export const maglevSizes = [251, 509, 1021, 2039, 4093, 8191, 16_381, 32_749, 65_521, 131_071] as const;
export type MaglevSize = (typeof maglevSizes)[number];

/** Where a node is told no other: at 130 backends one that goes still moves less than one in a hundred of the others' slots. */
export const defaultMaglevSize: MaglevSize = 32_749;

/** Part of every table. Another value would move nearly all connections. */
const seed = 'sluice.dev/maglev/1';

/** A backend by what it is called on all nodes; `weight` is how many slots it gets beside others, default 1, at most 65,535. */
export interface MaglevBackend {
  readonly name: string;
  readonly weight?: number;
}

/**
 * The table: which backend (by its place in `backends`) each slot has. The order of `backends` does not matter to who has a slot.
 * @throws RangeError without a backend, at more backends than slots, and at a weight that is no positive integer
 */
export function maglevTable(backends: readonly MaglevBackend[], size: MaglevSize): Uint32Array {
  if (backends.length === 0 || backends.length > size)
    throw new RangeError(`a table of ${size} slots is for 1 to ${size} backends, not ${backends.length}`);
  const table = new Uint32Array(size).fill(empty);
  const turns = turnsOf(backends, size);
  const heaviest = turns.reduce((most, { weight }) => Math.max(most, weight), 1);
  let left = size;
  for (let round = 1; left > 0; round++)
    for (const turn of turns) {
      // In each round the heaviest has one turn, a backend of half its weight one in every second.
      if (round * turn.weight < turn.due) continue;
      turn.due += heaviest;
      takeNext(table, turn);
      left -= 1;
      if (left === 0) break;
    }
  return table;
}

const empty = 0xffff_ffff;

interface Turn {
  readonly index: number;
  readonly weight: number;
  readonly skip: number;
  at: number;
  due: number;
}

function turnsOf(backends: readonly MaglevBackend[], size: number): Turn[] {
  return backends
    .map(({ name, weight = 1 }, index) => {
      if (!Number.isInteger(weight) || weight < 1 || weight > 65_535)
        throw new RangeError('a weight is a whole number from 1 to 65535');
      return { name, weight, index };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, weight, index }): Turn => {
      const view = new DataView(sha256(utf8ToBytes(`${seed}|${name}`)).buffer);
      return {
        ...{ index, weight, due: weight },
        at: view.getUint32(0) % size,
        skip: (view.getUint32(4) % (size - 1)) + 1,
      };
    });
}

/** Takes the next slot of the backend's own order that nobody has. The size is prime, so the order comes by each slot. */
function takeNext(table: Uint32Array, turn: Turn): void {
  const size = table.length;
  while (table[turn.at] !== empty) turn.at = (turn.at + turn.skip) % size;
  table[turn.at] = turn.index;
}
