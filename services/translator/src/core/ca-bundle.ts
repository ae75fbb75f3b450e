// Bundles of certificate authorities. What comes in: the text of a ConfigMap's ca.crt; what goes out: its certificates
// in plain PEM (RFC 7468) and nothing else of it, or what is wrong. It has to hold: a bundle that the data plane refuses
// would leave the connections as they were before.

/** A bundle, or its fault in words. */
export type CaBundle = { readonly pem: string } | { readonly fault: string };

const block = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----/g;

/** Reads a bundle. */
export function readCaBundle(text: string): CaBundle {
  const bodies = [...text.matchAll(block)].map(([, body = '']) => body.replace(/\s/g, ''));
  const begun = text.split('-----BEGIN CERTIFICATE-----').length - 1;
  if (begun === 0) return { fault: 'holds no certificate in PEM' };
  if (bodies.length !== begun) return { fault: 'holds a certificate that is cut off, or is no base64' };
  const bad = bodies.findIndex((body) => !isCertificate(body));
  if (bad >= 0) return { fault: `certificate ${bad + 1} is no X.509 certificate` };
  const blocks = bodies.map((body) => {
    const lines = body.match(/.{1,64}/g) ?? [];
    return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
  });
  return { pem: [...new Set(blocks)].join('') };
}

const tags = { integer: 0x02, bitString: 0x03, sequence: 0x30, version: 0xa0 } as const;

interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
}

/** Certificate and TBSCertificate of RFC 5280 section 4.1, as far as the kinds of their parts go. */
function isCertificate(base64: string): boolean {
  const bytes = decode(base64);
  const [certificate, ...rest] = bytes === undefined ? [] : (elements(bytes) ?? []);
  if (certificate?.tag !== tags.sequence || rest.length > 0) return false;
  const [body, algorithm, signature] = elements(certificate.content) ?? [];
  if (body?.tag !== tags.sequence || algorithm?.tag !== tags.sequence) return false;
  if (signature?.tag !== tags.bitString) return false;
  const parts = elements(body.content) ?? [];
  const from = parts[0]?.tag === tags.version ? 1 : 0;
  const wanted = [tags.integer, ...Array.from({ length: 5 }, () => tags.sequence)];
  return wanted.every((tag, i) => parts[from + i]?.tag === tag);
}

function decode(base64: string): Uint8Array | undefined {
  if (base64 === '' || base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

/** The DER elements that fill `bytes`; undefined where they do not. */
function elements(bytes: Uint8Array): Element[] | undefined {
  const found: Element[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = bytes[at] ?? 0;
    const first = bytes[at + 1] ?? 0x80;
    const count = first < 0x80 ? 0 : first & 0x7f;
    if (first === 0x80 || count > 4) return undefined;
    const start = at + 2 + count;
    const length = first < 0x80 ? first : bytes.subarray(at + 2, start).reduce((sum, b) => sum * 256 + b, 0);
    if (start + length > bytes.length) return undefined;
    found.push({ tag, content: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}
