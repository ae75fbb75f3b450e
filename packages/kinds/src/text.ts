// Formats of names and texts, as Kubernetes and the Gateway API v1.7.0 CRDs define them. Each says in words what it
// wants; none lets a control character through.
import { z } from 'zod';

interface Format {
  readonly pattern: RegExp;
  /** At most this many UTF-16 code units. */
  readonly max: number;
  /** What the text must be, after "must be". */
  readonly must: string;
}

/** A text of one format; both faults, length and form, are told in words. */
function text({ pattern, max, must }: Format) {
  return z
    .string()
    .min(1, 'must not be empty')
    .max(max, `must be at most ${max} characters long`)
    .refine((value) => value === '' || pattern.test(value), `must be ${must}`);
}

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = `${label}(\\.${label})*`;

/** RFC 1123 label: names of Namespaces and Services. */
export const dnsLabel = text({
  pattern: new RegExp(`^${label}$`),
  max: 63,
  must: 'lower-case letters, digits and "-", with a letter or digit at both ends',
});

/** RFC 1123 subdomain: names of most objects. */
export const dnsSubdomain = text({
  pattern: new RegExp(`^${subdomain}$`),
  max: 253,
  must: 'lower-case letters, digits, "-" and ".", with a letter or digit at both ends of each part',
});

/** Name of any object that is referred to. */
export const objectName = dnsSubdomain;
/** Name of a listener or of a route rule. */
export const sectionName = dnsSubdomain;

const subdomainPattern = new RegExp(`^${subdomain}$`);

/** An API group; the empty string is the core group. */
export const group = z
  .string()
  .max(253, 'must be at most 253 characters long')
  .refine(
    (value) => value === '' || subdomainPattern.test(value),
    'must be an API group such as gateway.networking.k8s.io, or "" for the core group',
  );

/** A kind. */
export const kindName = text({
  pattern: /^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/,
  max: 63,
  must: 'a kind such as Service',
});

/** A hostname, with or without a wildcard as its first label. IP addresses are none. */
export const hostname = text({
  pattern: new RegExp(`^(\\*\\.)?${subdomain}$`),
  max: 253,
  must: 'a lower-case DNS name such as www.example.com or *.example.com, without port or scheme',
}).refine((value) => !isIpv4(value), 'must be a DNS name, not an IP address');

/** A hostname without wildcard. */
export const preciseHostname = text({
  pattern: new RegExp(`^${subdomain}$`),
  max: 253,
  must: 'a lower-case DNS name such as www.example.com, without wildcard, port or scheme',
});

/** Name of an HTTP header or query parameter (RFC 9110 token). */
export const headerName = text({
  pattern: /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/,
  max: 256,
  must: 'an HTTP header name: letters, digits, "-" and the like, without ":" or spaces',
});

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const controls = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/** Free text of `min`–`max` characters that reaches the data plane: no control characters save the tab. */
export function plainText(min: number, max: number) {
  return z
    .string()
    .min(min, min === 1 ? 'must not be empty' : `must be at least ${min} characters long`)
    .max(max, `must be at most ${max} characters long`)
    .refine((value) => !controls.test(value), 'must not contain control characters');
}

/** A port number. */
export const portNumber = z
  .int()
  .min(1, 'must be a port number from 1 to 65535')
  .max(65535, 'must be a port number from 1 to 65535');

/** Domain-prefixed path as `example.com/name`: a controller name. */
export const controllerName = text({
  pattern: new RegExp(`^${subdomain}/[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+$`),
  max: 253,
  must: 'a domain and a path, as example.com/gateway-controller',
});

/** Key of a label or annotation: an optional DNS prefix and `/`, then at most 63 characters. */
export const qualifiedName = text({
  pattern: new RegExp(`^(${subdomain}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`),
  max: 317,
  must: 'letters, digits, "-", "_" and ".", at most 63, optionally after a DNS name and "/"',
});

/** Value of a label. */
export const labelValue = z
  .string()
  .max(63, 'must be at most 63 characters long')
  .refine(
    (value) => /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/.test(value),
    'must be letters, digits, "-", "_" and ".", with a letter or digit at both ends',
  );

/** True for a dotted IPv4 address. */
export function isIpv4(value: string): boolean {
  return z.regexes.ipv4.test(value);
}

/** A list of 0–`max` items. */
export function listOf<T extends z.ZodType>(item: T, max: number, hint = '') {
  return z
    .array(item)
    .refine((items) => items.length <= max, { error: `must have at most ${max} items`, params: { hint } });
}
