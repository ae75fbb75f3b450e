// Events of the FACTS stream. Every one is the newest word on its subject: folding the stream is keeping the last
// event of each subject, and an event marked as tombstone takes its subject out.
import { objectRefSchema } from '@sluice/ir';
import { knownObjectSchema } from '@sluice/kinds';
import { z } from 'zod';
import { revisionSchema } from './revision.ts';

/** Where in the sources an object or a fault stands. Lines and columns count from 1. */
export const originSchema = z.strictObject({
  /** Path as given to the source, relative to its root; the empty string for built-in objects. */
  file: z.string(),
  line: z.int().positive(),
  column: z.int().positive(),
});
export type Origin = z.infer<typeof originSchema>;

/** One fault of a user's input: where, what, and the mend. */
export const faultSchema = z.strictObject({
  origin: originSchema,
  /** Field path as `spec.rules[0].backendRefs`; the empty string for the whole document. */
  path: z.string(),
  message: z.string(),
  /** What to do about it; the empty string where nothing better than the message is known. */
  hint: z.string(),
});
export type Fault = z.infer<typeof faultSchema>;

/** Subject `object.v1.<group>.<kind>.<namespace>.<name>`. Secrets never come this way. */
export const objectChangedSchema = z.strictObject({
  type: z.literal('ObjectChanged'),
  object: knownObjectSchema,
  origin: originSchema,
});

/** Tombstone on the object's subject. */
export const objectDeletedSchema = z.strictObject({
  type: z.literal('ObjectDeleted'),
  ref: objectRefSchema,
  uid: z.string(),
});

/** Subject `refusal.v1.…`: an object in the source that was not taken; an older version of it may be in force. */
export const objectRefusedSchema = z.strictObject({
  type: z.literal('ObjectRefused'),
  ref: objectRefSchema,
  /** Never empty. */
  faults: z.array(faultSchema),
});

/** Subject `refusal.v1._.File._.<path>`: a file that could not be read as YAML; what it held before stays in force. */
export const fileRefusedSchema = z.strictObject({
  type: z.literal('FileRefused'),
  file: z.string(),
  faults: z.array(faultSchema),
});

/** Tombstone of a refusal. */
export const refusalClearedSchema = z.strictObject({ type: z.literal('RefusalCleared') });

/** Subject `sync.v1.<group>.<kind>._._`: the first list of a kind is complete, or cannot be had. */
export const kindSyncedSchema = z.strictObject({
  type: z.literal('KindSynced'),
  group: z.string(),
  kind: z.string(),
  state: z.enum(['synced', 'unavailable']),
  /** Why it is unavailable; empty when synced. */
  reason: z.string(),
});

/** Where the data plane binds for a Gateway whose addresses are those of a load balancer in front of it. */
export const socketsSchema = z.strictObject({
  /** IP addresses to bind on every node, e.g. `0.0.0.0`; sorted. */
  addresses: z.array(z.string()),
  /** One entry for each port and transport of the Gateway's listeners; what is missing is not bound. */
  ports: z.array(
    z.strictObject({
      port: z.int().min(1).max(65535),
      transport: z.enum(['TCP', 'UDP']),
      bindPort: z.int().min(1).max(65535),
    }),
  ),
  /** The port of a Service whose endpoints are the Envoys that bind them; absent: each node has one at its own addresses. */
  envoys: z
    .strictObject({ namespace: z.string(), service: z.string(), port: z.int().min(1).max(65535) })
    .optional(),
});
export type Sockets = z.infer<typeof socketsSchema>;

/**
 * Subject `address.v1.<group>.<kind>.<namespace>.<name>`: the addresses that the infrastructure gave to a Gateway, or to a
 * Service that stands at a listener of its own.
 */
export const addressAssignedSchema = z.strictObject({
  type: z.literal('AddressAssigned'),
  /** The Gateway or the Service. */
  gateway: objectRefSchema,
  /** IP addresses, sorted. */
  addresses: z.array(z.string()),
  /** DNS names of a load balancer that gives no addresses, sorted; absent: none. */
  hostnames: z.array(z.string()).optional(),
  /** Added to ports below 1024 when binding; 0 where low ports may be bound. */
  lowPortOffset: z.int().nonnegative(),
  /** Absent: the addresses themselves are bound. */
  sockets: socketsSchema.optional(),
  /** Requested addresses that cannot be had, each with the reason. */
  unusable: z.array(z.strictObject({ value: z.string(), reason: z.string() })),
});

/** Tombstone of an assignment. */
export const addressReleasedSchema = z.strictObject({
  type: z.literal('AddressReleased'),
  gateway: objectRefSchema,
});

/**
 * Subject `certificate.v1._.Secret.<namespace>.<name>`: the public facts of a Secret. The only form in which a
 * Secret stands in FACTS. Written again with `expired: true` when the time comes, since cores have no clock.
 */
export const certificateObservedSchema = z.strictObject({
  type: z.literal('CertificateObserved'),
  ref: objectRefSchema,
  uid: z.string(),
  /** `type` of the Secret, e.g. `kubernetes.io/tls`. */
  secretType: z.string(),
  /** Keyed HMAC of chain and key, hex; the empty string where there is a fault. */
  digest: z.string(),
  /** DNS names of the leaf, lower case, sorted. */
  dnsNames: z.array(z.string()),
  /** RFC 3339; the empty string where the leaf could not be read. */
  notBefore: z.string(),
  notAfter: z.string(),
  expired: z.boolean(),
  /** What is wrong with it as a server certificate, in words; the empty string when it can be served. */
  fault: z.string(),
});

/** Tombstone of a certificate. */
export const certificateForgottenSchema = z.strictObject({
  type: z.literal('CertificateForgotten'),
  ref: objectRefSchema,
});

/** Subject `rejection.v1._.<type>.<node>.<resource>`: an Envoy (or a kernel) refused a resource. */
export const resourceRejectedSchema = z.strictObject({
  type: z.literal('ResourceRejected'),
  node: z.string(),
  /** Envoy type URL. */
  typeUrl: z.string(),
  /** Name of the refused resource. */
  resource: z.string(),
  /** The objects it was made from. */
  sources: z.array(objectRefSchema),
  /** The data plane's own words. */
  message: z.string(),
  revision: revisionSchema,
});

/** Tombstone of a rejection: a later version was accepted, or the resource is gone. */
export const rejectionClearedSchema = z.strictObject({ type: z.literal('RejectionCleared') });

/**
 * Subject `judgement.v1._.<stream>._.<sequence>`: an event that a reader could not decode and passed over; the last good
 * word on its subject stays in force. Written once, on first sight.
 */
export const eventJudgedSchema = z.strictObject({
  type: z.literal('EventJudged'),
  /** Stream, sequence and subject of the event. */
  stream: z.string(),
  seq: z.int().positive(),
  subject: z.string(),
  /** Why it cannot be decoded, in words; never with its bytes. */
  error: z.string(),
  /** Who judged, with its version. */
  judge: z.string(),
  version: z.string(),
});

export const factSchema = z.discriminatedUnion('type', [
  objectChangedSchema,
  objectDeletedSchema,
  objectRefusedSchema,
  fileRefusedSchema,
  refusalClearedSchema,
  kindSyncedSchema,
  addressAssignedSchema,
  addressReleasedSchema,
  certificateObservedSchema,
  certificateForgottenSchema,
  resourceRejectedSchema,
  rejectionClearedSchema,
  eventJudgedSchema,
]);
export type Fact = z.infer<typeof factSchema>;
export type FactOf<T extends Fact['type']> = Extract<Fact, { type: T }>;
