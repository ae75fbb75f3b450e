// A plan in the making: what it is made from, and what it comes to.
import { type EncodedEvent, encodeEvent, type Fact, type FactOf } from '@sluice/events';
import type { ObjectRef } from '@sluice/ir';
import type { Secret } from '@sluice/kinds';
import type { PoolAddressing } from './addresses.ts';
import type { CertificateFacts } from './certificate.ts';
import type { Declarations } from './declarations.ts';
import type { ReadObject } from './declared-object.ts';
import type { InForce } from './in-force.ts';
import type { ServiceAddressing } from './infrastructure/service-addresses.ts';

/** Where the addresses of Gateways come from. */
export type Addressing = PoolAddressing | ServiceAddressing;

/** What the plan needs to know of the world. */
export interface Environment {
  /**
   * Objects come out of files: there is no API server that gives them uid, generation and creation time, and none that
   * makes Namespaces. False: what an API server said of an object is taken as it is.
   */
  readonly standalone: boolean;
  readonly addressing: Addressing;
  /** Controllers whose Gateways get addresses. */
  readonly controllers: ReadonlySet<string>;
  /** Id of the sealing key. */
  readonly keyId: string;
  /** Largest event that the log takes, bytes. */
  readonly maxEventBytes: number;
  /** Reads the public facts of a Secret; the same for the same Secret. */
  inspect(secret: Secret): CertificateFacts;
}

/** A fact with its form on the log. */
export interface PlannedFact {
  readonly fact: Fact;
  readonly encoded: EncodedEvent;
  /** The object that comes into force with it as it was read; absent where the plan adds to it. */
  readonly read?: ReadObject;
}

/** A Secret whose bytes go sealed to SECRETS before the facts are written. */
export interface SealOrder {
  readonly ref: ObjectRef;
  readonly uid: string;
  readonly digest: string;
  readonly secret: Secret;
}

/** What to write: `seals` to SECRETS, then `facts` to FACTS, then `unseals` to SECRETS. */
export interface Plan {
  readonly seals: readonly SealOrder[];
  readonly facts: readonly PlannedFact[];
  readonly unseals: readonly ObjectRef[];
}

/** What a plan is made from. */
export interface PlanInput {
  readonly declarations: Declarations;
  readonly inForce: InForce;
  /** Objects whose standing may have changed. */
  readonly keys: Iterable<string>;
  /** Parts of sources whose own faults may have changed. */
  readonly parts: Iterable<string>;
  /** Set where the addresses of this machine may have changed. */
  readonly addressesChanged?: boolean;
  readonly nowMs: number;
  readonly environment: Environment;
  /**
   * The first list is not complete yet: only objects are planned that are declared, and the built-in classes. All else is
   * left to a plan of the whole list.
   */
  readonly isPiece?: boolean;
}

/** A plan in the making. */
export interface Draft extends PlanInput {
  /** Objects that the plan puts (or takes away: undefined), by key. */
  readonly objects: Map<string, FactOf<'ObjectChanged'> | undefined>;
  readonly certificates: Map<string, FactOf<'CertificateObserved'> | undefined>;
  /** Namespaces to look at, last of all, each with the number of objects that the plan puts in or takes out. */
  readonly namespaceUse: Map<string, number>;
  readonly facts: PlannedFact[];
  readonly seals: SealOrder[];
  readonly unseals: ObjectRef[];
}

/** Adds a fact to a draft. */
export function add(draft: Draft, fact: Fact, subject?: string): void {
  draft.facts.push({ fact, encoded: encodeEvent(fact, subject) });
}

/** Counts an object into (1) or out of (-1) its namespace; 0 has the Namespace looked at. */
export function use(draft: Draft, namespace: string, by: 1 | 0 | -1): void {
  if (namespace !== '') draft.namespaceUse.set(namespace, (draft.namespaceUse.get(namespace) ?? 0) + by);
}
