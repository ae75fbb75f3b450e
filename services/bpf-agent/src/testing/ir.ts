// Parts of an IR, and a writer of revisions, for tests.
import type { EventLog, LogWriter } from '@sluice/event-log';
import { encodeEvent, type Revision, streams } from '@sluice/events';
import {
  type IrEndpointGroup,
  type IrId,
  type IrL4Frontend,
  type IrL4Service,
  type IrResource,
  IrSum,
  irHash,
  irIdOf,
} from '@sluice/ir';

/** A Service `default/<name>` with frontends on TCP port 80, cluster addresses unless they say otherwise. */
export function service(
  name: string,
  frontends: readonly (Partial<IrL4Frontend> & Pick<IrL4Frontend, 'address'>)[],
  settings: Partial<IrL4Service> = {},
): IrL4Service {
  return {
    kind: 'l4-service',
    key: `default/${name}`,
    source: { group: '', kind: 'Service', namespace: 'default', name },
    generation: 1,
    frontends: frontends.map((frontend) => ({
      ...{ port: 80, protocol: 'TCP' as const, type: 'cluster' as const },
      ...{ endpoints: `default/${name}/80`, ...frontend },
    })),
    ...settings,
  };
}

/** The endpoints of its port 80, which they serve at port 8080. */
export function endpoints(
  name: string,
  list: readonly (string | (Partial<IrEndpointGroup['endpoints'][number]> & { address: string }))[],
): IrEndpointGroup {
  return {
    kind: 'endpoint-group',
    key: `default/${name}-1/80`,
    service: `default/${name}/80`,
    endpoints: list.map((endpoint) => ({
      ...{ port: 8080, state: 'ready' as const },
      ...(typeof endpoint === 'string' ? { address: endpoint } : endpoint),
    })),
  };
}

/** Writes revisions as the translator does. */
export class IrWriter {
  readonly #writer: LogWriter;
  readonly #sum = new IrSum<IrId>();
  #seq = 0;

  private constructor(writer: LogWriter) {
    this.#writer = writer;
  }

  static async open(log: EventLog): Promise<IrWriter> {
    await log.ensureStream(streams.IR);
    return new IrWriter(await log.openWriter('IR', 'translator'));
  }

  /** One revision: puts, and removals by the resource that goes. Resolves when it is on the log. */
  async commit(put: readonly IrResource[], removed: readonly IrResource[] = []): Promise<Revision> {
    this.#seq += 1;
    const revision = { epoch: 1, seq: this.#seq };
    for (const resource of removed) this.#sum.remove(irIdOf(resource));
    for (const resource of put) this.#sum.put(irIdOf(resource), irHash(resource));
    const events = [
      ...put.map((resource) => encodeEvent({ type: 'ResourcePut', revision, resource })),
      ...removed.map(({ kind, key }) => encodeEvent({ type: 'ResourceRemoved', revision, kind, key })),
    ];
    const closing = {
      ...{ type: 'RevisionCommitted' as const, revision, translator: 'test' },
      ...{ changes: events.length, stateHash: this.#sum.toString() },
    };
    await this.#writer.transact(events, encodeEvent(closing));
    return revision;
  }

  /** What the writer says of the whole is wrong from now on, or right again: one that has lost count. */
  setWrong(wrong: boolean): void {
    const foreign = service('foreign', []);
    if (wrong) this.#sum.put(irIdOf(foreign), irHash(foreign));
    else this.#sum.remove(irIdOf(foreign));
  }
}
