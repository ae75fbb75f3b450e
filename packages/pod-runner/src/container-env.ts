import type { V1Container, V1EnvVar, V1Pod } from '@kubernetes/client-node';
import { fieldOf, type PodFacts } from './downward.ts';
import { expand } from './expand.ts';
import type { PodObjects } from './pod-objects.ts';

/** What the variables of a container come from. */
export interface EnvSources {
  readonly pod: V1Pod;
  readonly facts: PodFacts;
  readonly objects: PodObjects;
  /** Of the image and of the cluster; the container's own win. */
  readonly base: Readonly<Record<string, string>>;
}

/** The whole environment of a container. @throws Error where an object or a key that is not optional is missing */
export async function containerEnv(
  container: V1Container,
  sources: EnvSources,
): Promise<Map<string, string>> {
  const { pod, objects, base } = sources;
  const namespace = pod.metadata?.namespace ?? '';
  const env = new Map(Object.entries(base));
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    const entries =
      configMapRef?.name !== undefined
        ? await objects.configMap(namespace, configMapRef.name, configMapRef.optional)
        : await objects.secret(namespace, secretRef?.name ?? '', secretRef?.optional);
    for (const [key, value] of entries) env.set(`${prefix}${key}`, value.toString('utf8'));
  }
  for (const variable of container.env ?? []) {
    const value = await variableValue(variable, sources, env);
    if (value !== undefined) env.set(variable.name, value);
  }
  return env;
}

async function variableValue(
  { name, value, valueFrom }: V1EnvVar,
  { pod, facts, objects }: EnvSources,
  env: ReadonlyMap<string, string>,
): Promise<string | undefined> {
  if (valueFrom === undefined) return expand(value ?? '', env);
  const { fieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
  if (fieldRef !== undefined) return fieldOf(pod, fieldRef.fieldPath, facts);
  const ref = configMapKeyRef ?? secretKeyRef;
  if (ref === undefined)
    throw new Error(`variable ${name}: only fieldRef, configMapKeyRef and secretKeyRef are known`);
  const namespace = pod.metadata?.namespace ?? '';
  const read = configMapKeyRef === undefined ? 'secret' : 'configMap';
  const entry = (await objects[read](namespace, ref.name ?? '', ref.optional)).get(ref.key);
  if (entry === undefined && ref.optional !== true)
    throw new Error(`variable ${name}: ${read} ${namespace}/${ref.name} has no key ${ref.key}`);
  return entry?.toString('utf8');
}
