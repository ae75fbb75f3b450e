// What the compiler makes and the protocol carries: one named resource with its bytes and what it leans on.
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { toBinary } from '@bufbuild/protobuf';
import { hashOfBytes, type ObjectRef } from '@sluice/ir';
import type { XdsKind } from './type-urls.ts';

/** One Envoy resource, ready to be sent. Immutable. */
export interface XdsResource {
  readonly kind: XdsKind;
  readonly name: string;
  /** Content hash (hex): the same content has the same version in every replica and after every restart. */
  readonly version: string;
  /** The serialised message, without the `Any` around it. */
  readonly body: Uint8Array;
  /** Names of the resources that must be there before this one goes live: of a route its clusters, of a listener its route tables and secrets. */
  readonly uses: readonly XdsRef[];
  /** The objects that it was made from, sorted; for telling a user whose fault a refusal is. */
  readonly sources: readonly ObjectRef[];
  /**
   * What an Envoy that refuses this one gets in its place, under the same name; absent: the last version that it took. It
   * needs no other resource.
   */
  readonly standIn?: XdsResource;
}

/** Names a resource. */
export interface XdsRef {
  readonly kind: XdsKind;
  readonly name: string;
}

/** A change of what Envoys should have; `resource` absent means that it is gone. */
export interface XdsChange extends XdsRef {
  readonly resource?: XdsResource;
}

/** The parts of a resource that are not derived from the message. */
export type XdsParts = Pick<XdsResource, 'kind' | 'name' | 'uses' | 'sources'>;

/** Serialises a message. Fields go in the order of their numbers and maps must be built with sorted keys, so equal input gives equal bytes. */
export function xdsResource<D extends DescMessage>(
  parts: XdsParts,
  schema: D,
  message: MessageShape<D>,
): XdsResource {
  const body = toBinary(schema, message);
  return { ...parts, body, version: hashOfBytes(body) };
}
