import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

const dayMs = 86_400_000;

/** True where a file holds a certificate that is good for another day. */
export function isGood(file: string): boolean {
  try {
    return Date.parse(new X509Certificate(readFileSync(file)).validTo) > Date.now() + dayMs;
  } catch {
    return false;
  }
}
