import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import type { V1KeyToPath, V1Pod, V1Volume, V1VolumeProjection } from '@kubernetes/client-node';
import { fieldOf, type PodFacts } from './downward.ts';
import type { Entries, PodObjects } from './pod-objects.ts';

/** What volumes are made from. */
export interface VolumeSources {
  readonly pod: V1Pod;
  readonly facts: PodFacts;
  readonly objects: PodObjects;
  /** The Pod's own directory for volumes. */
  readonly dir: string;
  /** The node's directory for what outlives a Pod. */
  readonly claims: string;
}

interface File {
  readonly path: string;
  readonly bytes: Buffer;
  readonly mode: number;
}

const usualMode = 0o644;

/** Makes each volume of a Pod: its name → its directory or file. @throws Error where an object that is not optional is missing */
export async function makeVolumes(sources: VolumeSources): Promise<Map<string, string>> {
  const made = new Map<string, string>();
  for (const volume of sources.pod.spec?.volumes ?? [])
    made.set(volume.name, await makeVolume(volume, sources));
  return made;
}

/** Whether a volume of the Pod holds something of a ConfigMap. */
export function usesConfigMap({ spec }: V1Pod, name: string): boolean {
  return (spec?.volumes ?? []).some(
    ({ configMap, projected }) =>
      configMap?.name === name || projected?.sources?.some((source) => source.configMap?.name === name),
  );
}

/** Writes volumes of ConfigMaps anew, each file whole or not at all. @throws Error as `makeVolumes`; then files stay as they were */
export async function refreshVolumes(sources: VolumeSources): Promise<void> {
  const group = sources.pod.spec?.securityContext?.fsGroup ?? 0;
  for (const volume of sources.pod.spec?.volumes ?? []) {
    if (volume.configMap === undefined && volume.projected === undefined) continue;
    const dir = join(sources.dir, volume.name);
    const files = await filesOf(volume, sources);
    for (const file of files) writeVolumeFile(dir, file, group);
    const kept = new Set(files.map(({ path }) => normalize(path)));
    for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' }))
      if (!kept.has(name) && statSync(join(dir, name)).isFile()) rmSync(join(dir, name));
  }
}

async function makeVolume(volume: V1Volume, sources: VolumeSources): Promise<string> {
  const { hostPath, emptyDir, persistentVolumeClaim } = volume;
  if (hostPath !== undefined) {
    if (hostPath.type === 'DirectoryOrCreate') mkdirSync(hostPath.path, { recursive: true });
    return hostPath.path;
  }
  if (persistentVolumeClaim !== undefined) return makeClaim(persistentVolumeClaim.claimName, sources);
  const group = sources.pod.spec?.securityContext?.fsGroup ?? 0;
  const dir = join(sources.dir, volume.name);
  if (emptyDir !== undefined) return makeWritable(dir, group);
  const files = await filesOf(volume, sources);
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  for (const file of files) writeVolumeFile(dir, file, group);
  return dir;
}

/** A claim is a directory of the node, by its name: what one Pod has written the next one finds. */
function makeClaim(claim: string, { pod, claims }: VolumeSources): string {
  const { metadata, spec } = pod;
  return makeWritable(join(claims, metadata?.namespace ?? '', claim), spec?.securityContext?.fsGroup ?? 0);
}

function makeWritable(dir: string, group: number): string {
  mkdirSync(dir, { recursive: true });
  chownSync(dir, 0, group);
  chmodSync(dir, 0o2777);
  return dir;
}

function writeVolumeFile(dir: string, { path, bytes, mode }: File, group: number): void {
  const inside = normalize(join('/', path));
  const target = join(dir, inside);
  mkdirSync(dirname(target), { recursive: true });
  const written = `${target}.new`;
  writeFileSync(written, bytes);
  chownSync(written, 0, group);
  // As the kubelet does: the group of the Pod may read what its owner may.
  chmodSync(written, group === 0 ? mode : mode | 0o440);
  renameSync(written, target);
}

async function filesOf(volume: V1Volume, sources: VolumeSources): Promise<readonly File[]> {
  const { secret, configMap, projected, downwardAPI } = volume;
  const mode = (secret ?? configMap ?? projected ?? downwardAPI)?.defaultMode ?? usualMode;
  if (projected !== undefined)
    return (
      await Promise.all((projected.sources ?? []).map((part) => filesOfPart(part, sources, mode)))
    ).flat();
  if (secret !== undefined)
    return filesOfPart({ secret: { ...secret, name: secret.secretName ?? '' } }, sources, mode);
  if (configMap !== undefined || downwardAPI !== undefined)
    return filesOfPart(
      { ...(configMap && { configMap }), ...(downwardAPI && { downwardAPI }) },
      sources,
      mode,
    );
  throw new Error(`volume ${volume.name}: its kind is not known here`);
}

async function filesOfPart(
  part: V1VolumeProjection,
  { pod, facts, objects }: VolumeSources,
  mode: number,
): Promise<readonly File[]> {
  const namespace = pod.metadata?.namespace ?? '';
  if (part.secret !== undefined) {
    const { name = '', optional, items } = part.secret;
    return pick(await objects.secret(namespace, name, optional), items, mode);
  }
  if (part.configMap !== undefined) {
    const { name = '', optional, items } = part.configMap;
    return pick(await objects.configMap(namespace, name, optional), items, mode);
  }
  if (part.downwardAPI !== undefined)
    return (part.downwardAPI.items ?? []).map((item) => ({
      path: item.path,
      bytes: Buffer.from(fieldOf(pod, item.fieldRef?.fieldPath ?? '', facts)),
      mode: item.mode ?? mode,
    }));
  const { path, audience, expirationSeconds = 3600 } = part.serviceAccountToken ?? { path: '' };
  if (path === '') throw new Error('a projected volume holds a source that is not known here');
  const { name = '', uid = '' } = pod.metadata ?? {};
  const serviceAccount = pod.spec?.serviceAccountName ?? 'default';
  const token = await objects.token({
    namespace,
    serviceAccount,
    audience,
    expirationSeconds,
    pod: { name, uid },
  });
  return [{ path, bytes: Buffer.from(token), mode: 0o644 }];
}

function pick(entries: Entries, items: readonly V1KeyToPath[] | undefined, mode: number): File[] {
  if (items === undefined) return [...entries].map(([path, bytes]) => ({ path, bytes, mode }));
  return items.map((item) => {
    const bytes = entries.get(item.key);
    if (bytes === undefined) throw new Error(`there is no key ${item.key}`);
    return { path: item.path, bytes, mode: item.mode ?? mode };
  });
}
