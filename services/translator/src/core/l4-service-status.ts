// What a Service says of its addresses below HTTP, where agents lead to them: whether they are in the kernel of each node.
import { condition, type Say, type TimelessCondition } from './conditions.ts';
import type { DatapathView } from './datapath-view.ts';
import type { L4Outcome } from './l4-service.ts';

type Programmed =
  | Say<'Service.sluice.dev/L4Programmed', 'True'>
  | Say<'Service.sluice.dev/L4Programmed', 'False'>;

/** No program sees an SCTP socket connect, and the checksum of its packets covers the ports. */
const sctp = 'SCTP is not supported: nothing leads to';

/** The condition of a Service that has places. */
export function l4Programmed({ want, frontends }: L4Outcome, view: DatapathView): TimelessCondition {
  const unsupported = [
    ...new Set(frontends.flatMap(({ protocol, port }) => (protocol === 'SCTP' ? [`port ${port}/SCTP`] : []))),
  ];
  const say = programmedOf(view, {
    isAll: frontends.every(({ protocol }) => protocol === 'SCTP'),
    text: unsupported.length === 0 ? '' : `${sctp} ${unsupported.join(', ')}`,
  });
  return condition('Service.sluice.dev/L4Programmed', want.generation, say);
}

function programmedOf(
  { waiting, faults, full }: DatapathView,
  unsupported: { readonly isAll: boolean; readonly text: string },
): Programmed {
  if (unsupported.isAll) return { status: 'False', reason: 'UnsupportedValue', message: unsupported.text };
  const also = unsupported.text === '' ? '' : `; ${unsupported.text}`;
  if (full.length > 0)
    return {
      status: 'False',
      reason: 'NoRoom',
      message: `maps are full on node ${full.join(', ')}: what fitted before stays in force there${also}`,
    };
  if (waiting && faults.length > 0)
    return {
      status: 'False',
      reason: 'NotWritable',
      message: `not in every kernel: ${faults.join('; ')}${also}`,
    };
  if (waiting)
    return {
      status: 'False',
      reason: 'Pending',
      message: `not yet in the datapath of every node; \`sluice status\` names them${also}`,
    };
  return {
    status: 'True',
    reason: 'Programmed',
    message: `the datapath of every node that answers has its addresses${also}`,
  };
}
