import { z } from 'zod';
import { irCertificateSchema } from './certificate.ts';
import { irClusterSchema } from './cluster.ts';
import { irEndpointGroupSchema } from './endpoint.ts';
import { irGatewaySchema } from './gateway.ts';
import { irHttpRouteSchema } from './http-route.ts';
import { type IrId, type IrKind, irId } from './key.ts';
import { irL4RouteSchema } from './l4-route.ts';
import { irL4ServiceSchema } from './l4-service.ts';
import { irListenerSchema } from './listener.ts';
import { irRawResourceSchema } from './raw-resource.ts';

/** Any resource of the IR. */
export const irResourceSchema = z.discriminatedUnion('kind', [
  irGatewaySchema,
  irListenerSchema,
  irHttpRouteSchema,
  irL4RouteSchema,
  irL4ServiceSchema,
  irClusterSchema,
  irEndpointGroupSchema,
  irCertificateSchema,
  irRawResourceSchema,
]);
export type IrResource = z.infer<typeof irResourceSchema>;

/** The resource type of one kind. */
export type IrResourceOf<K extends IrKind> = Extract<IrResource, { kind: K }>;

/** The id of a resource. */
export function irIdOf(resource: IrResource): IrId {
  return irId(resource.kind, resource.key);
}
