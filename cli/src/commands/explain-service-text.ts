import { formatRevision, type Revision } from '@sluice/events';
import type { ExplainConnection } from '@sluice/ir/explain';
import { type FrontendView, frontendText, hostPort, ownerOf } from '../model/datapath.ts';
import { type Pair, pairs } from './explain-text.ts';
import { choiceText } from './get-backends.ts';

/** More backends than these are only counted. */
const shownBackends = 10;

const places: Readonly<Record<FrontendView['frontend']['type'], string>> = {
  cluster: 'an address inside the cluster',
  external: 'an external address',
  'load-balancer': "a load balancer's address",
  'node-port': 'at every address of a node',
  'host-port': 'of a Pod, at its node',
};

/** What becomes of a connection to a Service's own address, as lines. */
export function serviceLines(of: {
  readonly revision: Revision | undefined;
  readonly connection: ExplainConnection;
  readonly views: readonly FrontendView[];
  /** Empty: no agent has said what is in a kernel. */
  readonly node: string;
}): string[] {
  const { protocol, address, port } = of.connection;
  const [first] = of.views;
  const head: Pair[] = [
    ['connection', `${protocol} to ${address ?? 'any address'} port ${port}`],
    [
      'as of',
      of.revision === undefined ? 'before the first revision' : `revision ${formatRevision(of.revision)}`,
    ],
    ['datapath', of.node === '' ? 'no agent runs: nothing leads connections there' : `node ${of.node}`],
  ];
  const service: Pair[] =
    first === undefined
      ? []
      : [ownerPair(first), ['frontend', `${frontendText(first.frontend)}, ${places[first.frontend.type]}`]];
  return [...pairs(head), '', ...pairs([...service, ...of.views.flatMap(fromFacts)])];
}

function ownerPair({ service, at }: FrontendView): Pair {
  const { kind, namespace, name } = ownerOf(service);
  return kind === 'Pod' ? ['pod', `${namespace}/${name} on node ${at?.node ?? ''}`] : ['service', service];
}

function fromFacts(view: FrontendView): Pair[] {
  const { from, backends, sourceRanges } = view;
  const shown = backends.slice(0, shownBackends).map(hostPort);
  const more = backends.length > shownBackends ? ` and ${backends.length - shownBackends} more` : '';
  const answer =
    backends.length === 0
      ? 'refused at once: no endpoint takes connections'
      : view.byProxy
        ? `${backends.every(({ local }) => local) ? "the node's Envoy" : 'an Envoy of another node'} at ${shown.join(', ')}${more}, which chooses`
        : `one of ${shown.join(', ')}${more} (${choiceText(view)})`;
  const admitted =
    sourceRanges === undefined
      ? ''
      : sourceRanges.length === 0
        ? '; nobody is admitted'
        : `; clients of ${sourceRanges.join(', ')} alone`;
  return [[`from ${from}`, `${answer}${admitted}`]];
}
