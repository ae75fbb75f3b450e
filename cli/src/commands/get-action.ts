import { irId } from '@sluice/ir';
import type { CommandContext, ExitCode } from '../command.ts';
import { loadFolded, openConnection } from '../connection.ts';
import { allConditions } from '../model/conditions.ts';
import { findObjects, kindOfWord, type ShownObject } from '../model/objects.ts';
import { type DeliveryOf, loadDeliveries } from '../model/route-deliveries.ts';
import type { World } from '../model/world.ts';
import { toJson } from '../output/escape.ts';
import { formatTable } from '../output/table.ts';
import { toYaml } from '../output/yaml.ts';
import { UserError } from '../standalone/settings.ts';
import { withDelivery } from './get-delivery.ts';
import { showIr } from './get-ir.ts';
import { type BoundPort, objectTable } from './get-objects-table.ts';
import type { Shown } from './get-shown.ts';
import { paintStatus } from './paint.ts';

/** Options of `sluice get`. */
export interface GetOptions {
  readonly dataDir?: string;
  readonly namespace?: string;
  readonly routeLayout?: string;
  /** Of `conntrack`: address of clients, and entries of each node at most. */
  readonly client?: string;
  readonly limit?: number;
  readonly output: 'table' | 'json' | 'yaml';
}

interface Question extends GetOptions {
  readonly what: string;
  readonly name: string | undefined;
}

/** What can be asked for beside kinds. */
const views: readonly string[] = ['objects', 'conditions', 'ir', 'xds', 'backends', 'conntrack'];

/** Prints what is asked for. Findings (1): a name was given and nothing has it. */
export async function runGet(context: CommandContext, question: Question): Promise<ExitCode> {
  const kind = kindOfWord(question.what);
  if (kind === undefined && !views.includes(question.what))
    throw new UserError(
      `${question.what} is neither a kind nor one of ${views.join(', ')}`,
      '`sluice get --help` lists them',
    );
  await using connection = await openConnection(context.config, question.dataDir);
  const folded = await loadFolded(connection.log, ['FACTS', 'STATUS', 'IR', 'ACKS']);
  if (question.what === 'conntrack') {
    const { showConntrack } = await import('./get-conntrack.ts');
    const { notes, ...connections } = await showConntrack(connection.log, folded.world, question);
    print(context, question.output, connections);
    for (const note of notes) context.terminal.err(note);
    return 0;
  }
  const overHttp = kind === 'HTTPRoute' || kind === 'GRPCRoute';
  const deliveryOf = overHttp ? await loadDeliveries(connection.log, folded) : undefined;
  const layout = question.routeLayout ?? connection.found.instance.routeLayout;
  const shown = await show(folded.world, { ...question, layout, deliveryOf }, kind);
  print(context, question.output, shown);
  if (question.name === undefined || shown.rows.length > 0) return 0;
  context.terminal.err(`nothing of the name ${question.name} was found`);
  return 1;
}

async function show(
  world: World,
  question: Question & { readonly layout: string | undefined; readonly deliveryOf: DeliveryOf | undefined },
  kind: string | undefined,
): Promise<Shown> {
  if (question.what === 'ir') return showIr(world, question.name);
  if (question.what === 'conditions') return showConditions(world, question);
  if (question.what === 'backends') {
    const [{ nodeOf }, { showBackends }] = await Promise.all([
      import('../model/datapath.ts'),
      import('./get-backends.ts'),
    ]);
    return showBackends(world, { ...question, node: nodeOf(world.datapaths.values()) });
  }
  if (question.what === 'xds') {
    const { showXds } = await import('./get-xds.ts');
    return showXds(world, question);
  }
  const found = findObjects(world, {
    ...(kind === undefined ? {} : { kind }),
    ...(question.namespace === undefined ? {} : { namespace: question.namespace }),
    ...(question.name === undefined ? {} : { name: question.name }),
  });
  const told = found.map((object) => withDelivery(object, question.deliveryOf?.(object.ref)));
  return { document: objectDocument(told, question.name), ...objectTable(kind, told, boundPortOf(world)) };
}

/** By the IR: what Envoy binds, or what stands in front of it. */
function boundPortOf({ ir }: World): BoundPort {
  return (gateway, { protocol, port }) => {
    const key = `${gateway}/${port}${protocol === 'UDP' ? '/udp' : ''}`;
    const resource = ir.get(irId('listener', key))?.resource;
    return resource?.kind === 'listener' ? resource.bindPort : port;
  };
}

/** As kubectl does: a List, or the object itself where one was named. */
function objectDocument(found: readonly ShownObject[], name: string | undefined): unknown {
  const items = found.map(({ manifest }) => manifest);
  if (name !== undefined && items.length === 1) return items[0];
  return { apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '' }, items };
}

function showConditions(world: World, { name, namespace }: Question): Shown {
  const rows = allConditions(world).filter(
    ({ ref }) =>
      (name === undefined || ref.name === name) && (namespace === undefined || ref.namespace === namespace),
  );
  return {
    document: { items: rows },
    head: ['OBJECT', 'PART', 'TYPE', 'STATUS', 'REASON', 'GENERATION', 'MESSAGE'],
    rows: rows.map(({ ref, part, condition: c }) => [
      [ref.kind, ref.namespace, ref.name].filter((text) => text !== '').join('/'),
      part === '' ? '-' : part,
      c.type,
      c.status,
      c.reason,
      `${c.observedGeneration}`,
      c.message,
    ]),
  };
}

function print(
  { terminal }: CommandContext,
  output: GetOptions['output'],
  { document, head, rows }: Shown,
): void {
  if (output === 'json') terminal.out(toJson(document));
  else if (output === 'yaml') terminal.out(toYaml(document).trimEnd());
  else if (rows.length === 0) terminal.err('nothing found');
  else terminal.out(formatTable({ head, rows, paint: (cell) => paintStatus(terminal.colors, cell) }));
}
