import type { NodeSettings } from '@sluice/bpf-agent/core';
import { type FrontendView, frontendText, frontendViews, hostPort } from '../model/datapath.ts';
import type { World } from '../model/world.ts';
import type { Shown } from './get-shown.ts';

/** Where connections to Services' addresses go, by what the kernel of a node is told. `name` and `namespace` are of Services. */
export function showBackends(
  world: World,
  { name, namespace, node }: { name: string | undefined; namespace?: string; node: NodeSettings },
): Shown {
  const views = frontendViews(
    [...world.ir.values()].map(({ resource }) => resource),
    node,
  ).filter(({ service }) => {
    const [ns, own] = service.split('/');
    return (namespace === undefined || ns === namespace) && (name === undefined || own === name);
  });
  return {
    document: { node: node.name, frontends: views },
    head: ['NAMESPACE', 'SERVICE', 'FRONTEND', 'FROM', 'CHOICE', 'BACKEND', 'NOTE'],
    rows: views.flatMap(rowsOf),
  };
}

function rowsOf(view: FrontendView): string[][] {
  const [namespace = '', name = ''] = view.service.split('/');
  const head = [namespace, name, frontendText(view.frontend), view.from, choiceText(view)];
  if (view.backends.length === 0) return [[...head, '-', 'refused: no endpoint']];
  return view.backends.map(({ address, port, local, draining }) => [
    ...head,
    hostPort({ address, port }),
    [
      view.byProxy ? (local ? "the node's Envoy" : 'an Envoy of another node') : '',
      local && !view.byProxy ? 'on this node' : '',
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
