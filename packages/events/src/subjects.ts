// The only builder and parser of subjects: `<domain>.v1.<group>.<kind>.<namespace>.<name>`.

/** The first token of a subject; with the stream that holds it. */
export const domains = {
  object: 'FACTS',
  refusal: 'FACTS',
  sync: 'FACTS',
  address: 'FACTS',
  certificate: 'FACTS',
  rejection: 'FACTS',
  judgement: 'FACTS',
  ir: 'IR',
  revision: 'IR',
  ack: 'ACKS',
  status: 'STATUS',
  secret: 'SECRETS',
} as const satisfies Record<string, string>;
export type Domain = keyof typeof domains;

export interface SubjectParts {
  readonly domain: Domain;
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/**
 * One token: empty becomes `_`, a dot `_`, letters, digits and `-` stay, any other byte of the UTF-8 form becomes
 * `=XX`. Reversible: `_` itself is written `=5F`, and a lone dot `=2E`, since `_` alone is the empty text.
 */
function encodeToken(text: string): string {
  if (text === '') return '_';
  if (text === '.') return '=2E';
  if (!/[^A-Za-z0-9.-]/.test(text)) return text.includes('.') ? text.replaceAll('.', '_') : text;
  let out = '';
  for (const byte of new TextEncoder().encode(text)) {
    const char = String.fromCharCode(byte);
    if (/[A-Za-z0-9-]/.test(char)) out += char;
    else if (char === '.') out += '_';
    else out += `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

function decodeToken(token: string): string {
  if (token === '_') return '';
  if (!/[^A-Za-z0-9_-]/.test(token)) return token.replaceAll('_', '.');
  const bytes: number[] = [];
  for (let i = 0; i < token.length; i++) {
    const char = token.charAt(i);
    if (char === '=') {
      const hex = token.slice(i + 1, i + 3);
      if (!/^[0-9A-F]{2}$/.test(hex)) throw new RangeError(`bad subject token ${JSON.stringify(token)}`);
      bytes.push(Number.parseInt(hex, 16));
      i += 2;
    } else bytes.push(char === '_' ? 0x2e : char.charCodeAt(0));
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes));
}

/** Builds a subject. Every part may be any text; none can reach into another token. */
export function buildSubject(parts: SubjectParts): string {
  const { domain, group, kind, namespace, name } = parts;
  // Joined, not added up: a subject is kept as a key, and a sum of texts would keep all its parts beside it.
  return [
    domain,
    'v1',
    encodeToken(group),
    encodeToken(kind),
    encodeToken(namespace),
    encodeToken(name),
  ].join('.');
}

/** Parses a subject that `buildSubject` made. Throws RangeError on any other text. */
export function parseSubject(subject: string): SubjectParts {
  const tokens = subject.split('.');
  const [domain, version, group, kind, namespace, name] = tokens;
  if (
    tokens.length !== 6 ||
    version !== 'v1' ||
    domain === undefined ||
    !Object.hasOwn(domains, domain) ||
    group === undefined ||
    kind === undefined ||
    namespace === undefined ||
    name === undefined
  )
    throw new RangeError(`not a subject of ours: ${JSON.stringify(subject)}`);
  return {
    domain: domain as Domain,
    group: decodeToken(group),
    kind: decodeToken(kind),
    namespace: decodeToken(namespace),
    name: decodeToken(name),
  };
}

/** A filter for all subjects of a domain, optionally of one group and kind. */
export function subjectFilter(domain: Domain, of?: { group: string; kind: string }): string {
  return of === undefined
    ? `${domain}.v1.>`
    : `${domain}.v1.${encodeToken(of.group)}.${encodeToken(of.kind)}.>`;
}

/** Where a node tells its flows: core NATS, in no stream. */
export const flowSubject = (node: string): string => `flow.v1.${encodeToken(node)}`;

/** Where the agent of a node is asked (`DatapathQuestion`): core NATS. */
export const datapathAskSubject = (node: string): string => `ask.v1.datapath.${encodeToken(node)}`;

/** Questions to all agents. */
export const datapathAskFilter = 'ask.v1.datapath.*';

/** Where a question is answered (`DatapathAnswer`). @param id of the question */
export const datapathAnswerSubject = (id: string): string => `answer.v1.datapath.${encodeToken(id)}`;

/** Answers to all questions. */
export const datapathAnswerFilter = 'answer.v1.datapath.*';

/** Flows of all nodes. */
export const flowFilter = 'flow.v1.*';
