import type { NodeSettings } from '@sluice/bpf-agent/core';
import {
  type FrontendView,
  frontendText,
  frontendViews,
  hostPort,
  isOf,
  ownerOf,
} from '../model/datapath.ts';
import type { World } from '../model/world.ts';
import type { Shown } from './get-shown.ts';

/**
 * Where connections to Services' addresses go, by what the kernel of a node is told, and those to host ports, each by its own node's.
 * `name` and `namespace` are of Services and Pods.
 */
export function showBackends(
  world: World,
  {
    node,
    ...asked
  }: { readonly name: string | undefined; readonly namespace?: string; readonly node: NodeSettings },
): Shown {
  const views = frontendViews(
    [...world.ir.values()].map(({ resource }) => resource),
    node,
    world.datapaths.values(),
  ).filter(({ service }) => isOf(service, asked));
  return {
    document: { node: node.name, frontends: views },
    head: ['NAMESPACE', 'SERVICE', 'FRONTEND', 'FROM', 'CHOICE', 'BACKEND', 'NOTE'],
    rows: views.flatMap(rowsOf),
  };
}

function rowsOf(view: FrontendView): string[][] {
  const { kind, namespace, name } = ownerOf(view.service);
  const head = [
    namespace,
    kind === 'Pod' ? `pod/${name}` : name,
    frontendText(view.frontend),
    view.from,
    choiceText(view),
  ];
  if (view.backends.length === 0) return [[...head, '-', 'refused: no endpoint']];
  return view.backends.map(({ address, port, local, draining }) => [
    ...head,
    hostPort({ address, port }),
    [
      view.byProxy ? (local ? "the node's Envoy" : 'an Envoy of another node') : '',
      view.at === undefined ? '' : `on node ${view.at.node}`,
      local && !view.byProxy && view.at === undefined ? 'on this node' : '',
      draining ? 'terminating' : '',
    ]
      .filter((text) => text !== '')
      .join(', ') || '-',
  ]);
}

/** How one of the backends is chosen. */
export function choiceText({ algorithm, affinityTimeoutS }: FrontendView): string {
  return affinityTimeoutS === 0 ? algorithm : `${algorithm}, kept ${affinityTimeoutS} s`;
}
