// Preflight requests (Fetch Standard, CORS-preflight request): the data plane answers them for the backend.
import type { IrCors } from '../http-policy.ts';
import type { Outcome } from './explanation.ts';
import { stringMatches } from './match.ts';
import type { ReadRequest } from './request.ts';

/** The answer to a preflight request; undefined for any other request. Of a repeated header the first value counts. */
export function preflight(cors: IrCors, { method, headers }: ReadRequest): Outcome | undefined {
  const origin = headers.get('origin')?.[0] ?? '';
  const asked = headers.get('access-control-request-method')?.[0] ?? '';
  if (method !== 'OPTIONS' || origin === '' || asked === '') return undefined;
  const allowed = cors.allowOrigins.some((match) => stringMatches(match, origin));
  return { type: 'preflight', status: 200, origin, allowed };
}
