// The matches that are tried for a hostname, in the order of precedence, and what became of each.
import type { IrHttpMatch, IrHttpRoute, IrHttpRule } from '../http-route.ts';
import { comparePrecedence, type MatchCandidate } from '../precedence.ts';
import type { Candidate, Verdict } from './explanation.ts';
import { type Mismatch, mismatches } from './match.ts';
import type { ReadRequest } from './request.ts';

/** The candidates in order, and the rule and match that won; none where no match holds. */
export interface Judged {
  readonly candidates: readonly Candidate[];
  readonly winner: { readonly rule: IrHttpRule; readonly match: IrHttpMatch } | undefined;
}

interface Entry {
  readonly place: MatchCandidate;
  readonly rule: IrHttpRule;
  readonly match: IrHttpMatch;
}

/** Judges every match of the routes. */
export function judgeCandidates(routes: readonly IrHttpRoute[], request: ReadRequest): Judged {
  const entries = routes
    .flatMap(entriesOf)
    .sort((a, b) => comparePrecedence(a.place, b.place).order)
    .map((entry) => ({ ...entry, parts: mismatches(entry.match, request) }));
  const winner = takenOf(entries, request.taken) ?? entries.find(holds);
  const verdict = (entry: (typeof entries)[number]): Verdict => {
    if (entry === winner) return { type: 'won' };
    if (winner === undefined || entry.parts.length > 0) return { type: 'not-matched', parts: entry.parts };
    return { type: 'outranked', step: comparePrecedence(winner.place, entry.place).step };
  };
  return { winner, candidates: entries.map((entry) => candidateOf(entry, verdict(entry))) };
}

interface Judgement extends Entry {
  readonly parts: readonly Mismatch[];
}

function holds({ parts }: Judgement): boolean {
  return parts.length === 0;
}

/** The entry that a log names, where the path and the method allow it and no other entry holds before it. */
function takenOf(entries: readonly Judgement[], taken: string | undefined): Judgement | undefined {
  const found = entries.find((entry) => idOf(entry) === taken || holds(entry));
  const mayHold = found?.parts.every(({ part }) => part === 'header' || part === 'query') === true;
  return mayHold ? found : undefined;
}

function idOf({ place, rule }: Entry): string {
  return `${place.route.key}/${rule.index}/${place.match}`;
}

function entriesOf(route: IrHttpRoute): Entry[] {
  return route.rules.flatMap((rule, at) =>
    rule.matches.map((match, i) => ({ place: { route, rule: at, match: i }, rule, match })),
  );
}

function candidateOf(entry: Entry, verdict: Verdict): Candidate {
  const { place, rule, match } = entry;
  const { key, source } = place.route;
  return {
    id: idOf(entry),
    route: key,
    source,
    rule: rule.index,
    ...(rule.name === undefined ? {} : { ruleName: rule.name }),
    match,
    verdict,
  };
}
