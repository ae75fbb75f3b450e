// How the newest change of a route was delivered, beside the rest of its status: `status.delivery`.
import { formatRevision } from '@sluice/events';
import type { ShownObject } from '../model/objects.ts';
import type { Delivery } from '../model/route-delay.ts';

type Manifest = ShownObject['manifest'];

/** As tools get it; `revision` as `1-42`. */
type ShownDelivery = Exclude<Delivery, { state: 'acknowledged' }> | AcknowledgedDelivery;
interface AcknowledgedDelivery extends Omit<Extract<Delivery, { state: 'acknowledged' }>, 'revision'> {
  readonly revision: string;
}

/** The object with `status.delivery`; as it is where nothing is known. */
export function withDelivery(object: ShownObject, delivery: Delivery | undefined): ShownObject {
  if (delivery === undefined) return object;
  const { manifest } = object;
  const status = typeof manifest.status === 'object' ? manifest.status : {};
  const shown: ShownDelivery =
    delivery.state === 'acknowledged'
      ? { ...delivery, revision: formatRevision(delivery.revision) }
      : delivery;
  return { ...object, manifest: { ...manifest, status: { ...status, delivery: shown } } };
}

/** The delay as a cell: `12 ms`, `1.3 s`, `pending`, or `-` where it is not known or nothing serves the route. */
export function delayText(manifest: Manifest): string {
  const { delivery } = (manifest.status ?? {}) as { delivery?: ShownDelivery };
  if (delivery?.state === 'pending') return 'pending';
  if (delivery?.state !== 'acknowledged' || delivery.delayMs === null) return '-';
  return delivery.delayMs < 1_000 ? `${delivery.delayMs} ms` : `${(delivery.delayMs / 1_000).toFixed(1)} s`;
}
