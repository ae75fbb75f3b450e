import type { Config, ResolvedImage } from './config.ts';
import { ImageError } from './container-runner.ts';

/** What this machine offers to a dynamically linked program. */
const systemMounts = ['/usr', '/lib', '/lib64', '/bin', '/sbin', '/etc/ssl', '/etc/ld.so.cache'];

/** What runs for an image's name. @throws ImageError where there is nothing */
export function imageFor(name: string, { images }: Config): ResolvedImage {
  const found = images.find(({ pattern }) => new RegExp(pattern).test(name));
  if (found === undefined) throw new ImageError(`there is no local program for the image ${name}`);
  if (!found.system) return found;
  return {
    ...found,
    mounts: [...systemMounts.map((path) => ({ source: path, target: path })), ...found.mounts],
  };
}
