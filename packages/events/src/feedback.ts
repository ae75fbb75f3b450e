// Events of ACKS, STATUS and SECRETS.
import { objectRefSchema } from '@sluice/ir';
import { z } from 'zod';
import { revisionSchema } from './revision.ts';

/** Subject `ack.v1._.Envoy.<server>.<node>`: the newest word of an xds-server on one Envoy. */
export const envoyStateSchema = z.strictObject({
  type: z.literal('EnvoyStateChanged'),
  /** Name of the xds-server replica. */
  server: z.string(),
  /** Envoy node id. */
  node: z.string(),
  /** `silent`: connected, but no answer for 30 s to what was sent. */
  state: z.enum(['connected', 'silent', 'disconnected']),
  /** The newest revision of which this Envoy has acknowledged everything; null before the first. */
  acked: revisionSchema.nullable(),
});

/** Subject `ack.v1._.Server._.<server>`: an xds-server started; no Envoy is connected to it yet. */
export const xdsServerStartedSchema = z.strictObject({
  type: z.literal('XdsServerStarted'),
  server: z.string(),
});

/** Subject `ack.v1._.Datapath._.<node>`: the newest word of a node's bpf-agent on its kernel. */
export const datapathStateSchema = z.strictObject({
  type: z.literal('DatapathStateChanged'),
  /** Name of the agent, under which it gives signs of life. */
  agent: z.string(),
  /** Name of the node, as endpoints have it. */
  node: z.string(),
  /** `stopped`: the agent ended; the kernel goes on with what it has. */
  state: z.enum(['running', 'stopped']),
  /** The newest revision that is in the maps; null before the first. */
  acked: revisionSchema.nullable(),
  /** Why the maps cannot be written, in words; empty when they can. */
  fault: z.string(),
  /** What the maps follow from beside the IR. */
  settings: z.strictObject({
    zone: z.string(),
    /** Addresses of the node; empty: none of that family. */
    ipv4: z.string(),
    ipv6: z.string(),
    /** Slots of a Maglev table. */
    tableSize: z.int().positive(),
  }),
  /** Hash of what has to be in the maps at `acked`. */
  mapsHash: z.string(),
  /** Services for whose newest version maps have no room: they go on with the one that fitted, if any. Absent: all fit. */
  leftOut: z
    .strictObject({
      /** The maps, sorted. */
      maps: z.array(z.string()),
      /** How many Services. */
      count: z.int().positive(),
      /** `<namespace>/<name>`, of a Pod `Pod/<namespace>/<name>`, sorted: the first 1,000. */
      services: z.array(z.string()),
    })
    .optional(),
});

/** Subject `ack.v1._.DatapathNode._.<node>`: what the kernel of a node gives its agent, and what the agent has loaded. */
export const datapathDescribedSchema = z.strictObject({
  type: z.literal('DatapathDescribed'),
  /** Name and version of the agent. */
  agent: z.string(),
  version: z.string(),
  node: z.string(),
  /** Of the kernel (`uname -r`) and of libbpf. */
  kernel: z.string(),
  libbpf: z.string(),
  /** Each hook that was tried; the empty reason: it can be used. */
  hooks: z.array(z.strictObject({ hook: z.string(), reason: z.string() })),
  /** Capabilities that the agent needs and has not. */
  missingCapabilities: z.array(z.string()),
  /** What is in the kernel; null: nothing could be loaded. */
  object: z
    .strictObject({
      /** SHA-256 of the programs' file and the sizes of maps, hexadecimal. */
      hash: z.string(),
      /** What became of what an earlier agent had left. */
      outcome: z.enum(['fresh', 'adopted', 'replaced']),
      loadMs: z.number().nonnegative(),
      /** The most instructions that the verifier walked through for one program; 0: the kernel does not say. */
      verifiedInstructions: z.int().nonnegative(),
    })
    .nullable(),
  /** Where programs are attached: directories of cgroup2, and names of interfaces. */
  cgroups: z.array(z.string()),
  interfaces: z.array(z.string()),
});

export const ackEventSchema = z.discriminatedUnion('type', [
  envoyStateSchema,
  xdsServerStartedSchema,
  datapathStateSchema,
  datapathDescribedSchema,
]);
export type AckEvent = z.infer<typeof ackEventSchema>;

/** A condition as Kubernetes writes it (metav1.Condition). */
export const conditionSchema = z.strictObject({
  type: z.string(),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string(),
  message: z.string(),
  observedGeneration: z.int().nonnegative(),
  /** RFC 3339: when `status` last changed. */
  lastTransitionTime: z.string(),
});
export type Condition = z.infer<typeof conditionSchema>;

/** Subject `status.v1.<group>.<kind>.<namespace>.<name>`: the whole status that Sluice gives to an object. */
export const statusChangedSchema = z.strictObject({
  type: z.literal('StatusChanged'),
  ref: objectRefSchema,
  uid: z.string(),
  /** The status sub-object as the Gateway API defines it for this kind. */
  status: z.record(z.string(), z.unknown()),
});

/** Tombstone: the object is gone or no longer ours. */
export const statusRemovedSchema = z.strictObject({ type: z.literal('StatusRemoved'), ref: objectRefSchema });

export const statusEventSchema = z.discriminatedUnion('type', [statusChangedSchema, statusRemovedSchema]);
export type StatusEvent = z.infer<typeof statusEventSchema>;

/** Subject `secret.v1._.Secret.<namespace>.<name>`: certificate chain and private key, sealed (see `@sluice/sealed-secret`). */
export const secretSealedSchema = z.strictObject({
  type: z.literal('SecretSealed'),
  ref: objectRefSchema,
  uid: z.string(),
  /** The same digest as in CertificateObserved. */
  digest: z.string(),
  /** First 8 hex digits of SHA-256 of the sealing key: tells which key opens it. */
  keyId: z.string(),
  /** Base64: 12-byte nonce. */
  nonce: z.string(),
  /** Base64: ciphertext with the 16-byte tag at its end. */
  ciphertext: z.string(),
});

/** Tombstone of a sealed secret. */
export const secretRemovedSchema = z.strictObject({ type: z.literal('SecretRemoved'), ref: objectRefSchema });

export const secretEventSchema = z.discriminatedUnion('type', [secretSealedSchema, secretRemovedSchema]);
export type SecretEvent = z.infer<typeof secretEventSchema>;
