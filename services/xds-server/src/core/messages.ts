// Small builders of the messages that every resource needs. Messages are built, never formatted: the text of a
// user's object only ever becomes the value of a field.
import { create, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import { type Any, anyPack, type Duration, DurationSchema } from '@bufbuild/protobuf/wkt';
import {
  ApiVersion,
  type ConfigSource,
  ConfigSourceSchema,
} from '@sluice/envoy-api/envoy/config/core/v3/config_source_pb.js';
import { type RegexMatcher, RegexMatcherSchema } from '@sluice/envoy-api/envoy/type/matcher/v3/regex_pb.js';
import {
  type StringMatcher,
  StringMatcherSchema,
} from '@sluice/envoy-api/envoy/type/matcher/v3/string_pb.js';
import type { IrStringMatch } from '@sluice/ir';

/** A duration of whole milliseconds, 0 or more. */
export function duration(ms: number): Duration {
  return create(DurationSchema, { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 });
}

/** A message inside an `Any`. */
export function pack<D extends DescMessage>(schema: D, init: MessageInitShape<D>): Any {
  return anyPack(schema, create(schema, init));
}

/**
 * "From the ADS stream", always with the same bytes: where they differ, Envoy takes the source for another one. It
 * waits without limit: a listener or cluster never goes live without its routes, certificate or endpoints.
 */
export function fromAds(): ConfigSource {
  return create(ConfigSourceSchema, {
    configSourceSpecifier: { case: 'ads', value: {} },
    resourceApiVersion: ApiVersion.V3,
    initialFetchTimeout: duration(0),
  });
}

/** An RE2 expression; Envoy matches it against the whole value. */
export function regexMatcher(regex: string): RegexMatcher {
  return create(RegexMatcherSchema, { regex });
}

/** A comparison of the IR. */
export function stringMatcher(match: IrStringMatch): StringMatcher {
  return create(StringMatcherSchema, {
    matchPattern:
      match.type === 'exact'
        ? { case: 'exact', value: match.value }
        : { case: 'safeRegex', value: regexMatcher(match.value) },
  });
}
