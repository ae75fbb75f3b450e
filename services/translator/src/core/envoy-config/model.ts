// CiliumEnvoyConfigs. What comes in: objects, and what operators allow their authors; what goes out: a model of each in
// which everything is judged that concerns this object alone. cilium.io/v2 of Cilium 1.20.
import {
  allowAnnotation,
  allowedFor,
  type ConfigReading,
  crossCheck,
  type DeadEnd,
  readEnvoyConfig,
} from '@sluice/envoy-resources';
import type { Collection, Fetch, Graph } from '@sluice/incremental';
import type { ObjectRef } from '@sluice/ir';
import { ciliumController, type EnvoyConfig, type Namespace, objectRefOf } from '@sluice/kinds';
import { objectKey } from '../keys.ts';
import type { ReasonOf } from '../reasons.ts';

/** A reference that leads nowhere. */
export interface RefFault {
  readonly reason: ReasonOf<'CiliumEnvoyConfig.ResolvedRefs', 'False'>;
  readonly message: string;
}

/** One object. */
export interface EnvoyConfigModel {
  readonly key: string;
  readonly ref: ObjectRef;
  readonly config: EnvoyConfig;
  readonly reading: ConfigReading;
  readonly deadEnds: readonly DeadEnd[];
  /** Why it is not served at all; the empty string where it is. */
  readonly refusal: string;
}

/** Models by `<namespace>/<name>`; of the whole cluster by `/<name>`. */
export function envoyConfigModels(
  graph: Graph,
  of: {
    configs: Collection<EnvoyConfig>;
    namespaces: Collection<Namespace>;
    controllerNames: readonly string[];
  },
): Collection<EnvoyConfigModel> {
  const ours = of.controllerNames.includes(ciliumController);
  const allowances = graph.map(of.namespaces, 'envoy config allowances', ({ metadata }) =>
    Object.hasOwn(metadata.annotations, allowAnnotation)
      ? { [allowAnnotation]: metadata.annotations[allowAnnotation] ?? '' }
      : undefined,
  );
  return graph.map(of.configs, 'envoy config models', (config, key, fetch) => {
    if (!ours) return undefined;
    const reading = readEnvoyConfig(config, allowedFor(config, allowanceOf(config, allowances, fetch)));
    return {
      key,
      ref: objectRefOf(config),
      config,
      reading,
      deadEnds: crossCheck(config, reading),
      refusal: refusalOf(config),
    };
  });
}

type Allowances = Collection<Readonly<Record<string, string>>>;

function allowanceOf({ metadata }: EnvoyConfig, allowances: Allowances, fetch: Fetch) {
  return fetch(allowances, objectKey('', metadata.namespace)) ?? {};
}

function refusalOf({ spec: { nodeSelector } }: EnvoyConfig): string {
  if (nodeSelector === undefined) return '';
  const { matchLabels, matchExpressions } = nodeSelector;
  return Object.keys(matchLabels).length + matchExpressions.length === 0
    ? ''
    : 'spec.nodeSelector is not supported, and without it the object would be served on every node: remove it';
}
