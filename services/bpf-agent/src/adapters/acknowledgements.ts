// Tells the log what is in the kernel, and that the agent lives.
import { type EventLog, Outbox } from '@sluice/event-log';
import { type AckEvent, encodeEvent, type Revision } from '@sluice/events';
import { compareText } from '@sluice/ir';
import type { NodeSettings } from '../core/maps/service-rows.ts';
import type { Description } from './description.ts';

type DatapathState = Extract<AckEvent, { type: 'DatapathStateChanged' }>;

export interface AcknowledgementOptions {
  readonly log: EventLog;
  readonly node: NodeSettings;
  /** Of the agent. */
  readonly version: string;
  /** Resolves when the stream is there. */
  readonly ready: Promise<void>;
  /** Called once an event can never be written, e.g. fenced by another agent of this node. */
  readonly failed: (error: unknown) => void;
}

/** Services that are named: some 100 kB at most. */
const mostNamed = 1_000;

function leftOutOf(leftOut: ReadonlyMap<string, string>): NonNullable<DatapathState['leftOut']> {
  return {
    maps: [...new Set(leftOut.values())].sort(compareText),
    count: leftOut.size,
    services: [...leftOut.keys()].sort(compareText).slice(0, mostNamed),
  };
}

const heartbeatMs = 5_000;

const tokenOf = (node: string): string => node.replaceAll('.', '_');

/** Name by which the agent of a node gives signs of life: one token of a subject. */
export function agentName(node: string): string {
  return `bpf-agent-${tokenOf(node)}`;
}

/** Name under which it writes: of the group of agents, which is all that their user of NATS may take leases of. */
function writerName(node: string): string {
  return `bpf-agent.${tokenOf(node)}`;
}

export class Acknowledgements {
  readonly #options: AcknowledgementOptions;
  readonly #outbox: Outbox;
  #newest: DatapathState;
  #told = '';
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(options: AcknowledgementOptions) {
    const { log, ready, failed, node } = options;
    this.#options = options;
    this.#outbox = new Outbox({ log, ready, stream: 'ACKS', writer: writerName(node.name), failed });
    const { name, zone, ipv4, ipv6, tableSize } = node;
    this.#newest = {
      ...{ type: 'DatapathStateChanged', agent: agentName(name), node: name, state: 'running', acked: null },
      ...{ fault: '', settings: { zone, ipv4, ipv6, tableSize }, mapsHash: '' },
    };
  }

  /** Begins with signs of life. */
  start(): void {
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs);
    this.#beat();
  }

  /** What the kernel gives, once that is known. */
  described(description: Description): void {
    const { node, version } = this.#options;
    const { agent } = this.#newest;
    this.#outbox.put(
      encodeEvent({ type: 'DatapathDescribed', agent, version, node: node.name, ...description }),
    );
  }

  /** A revision is in the maps, but for Services for which there is no room, each with a map that is full. */
  written(acked: Revision, mapsHash: string, leftOut: ReadonlyMap<string, string>): void {
    const { leftOut: _, ...newest } = this.#newest;
    const told = leftOut.size === 0 ? {} : { leftOut: leftOutOf(leftOut) };
    this.#tell({ ...newest, acked, mapsHash, fault: '', ...told });
  }

  /** The maps cannot be written; they keep what they have. */
  faulty(fault: string): void {
    this.#tell({ ...this.#newest, fault });
  }

  /** The agent ends. Resolves when that is written. */
  async stop(): Promise<void> {
    clearInterval(this.#heartbeat);
    if (this.#options.log.connected && this.#told !== '') {
      this.#tell({ ...this.#newest, state: 'stopped' });
      await this.#outbox.flushed();
    }
    await this.#outbox.close();
  }

  #tell(state: DatapathState): void {
    const text = JSON.stringify(state);
    this.#newest = state;
    if (text === this.#told) return;
    this.#told = text;
    this.#outbox.put(encodeEvent(state));
  }

  #beat(): void {
    const replica = this.#newest.agent;
    const body = new TextEncoder().encode(JSON.stringify({ replica }));
    this.#options.log.notify(`heartbeat.bpf-agent.${replica}`, body);
  }
}
