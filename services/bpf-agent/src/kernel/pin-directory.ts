// The directory of bpffs in which maps, programs and links outlive the agent. What stands in a name decides whether it may be used on:
//   maps/<map>-<shape>          shape: hash of the map's type, size and layout
//   programs-<hash>/<program>   hash of the object file
//   links/<point>-<program>     point: hash of where it is attached
// bpffs allows no dot in a name.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, statfsSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { KernelError } from '../core/kernel-port.ts';
import { check, failed, type Libbpf, lastErrno } from './libbpf.ts';

/** BPF_FS_MAGIC of linux/magic.h. */
const bpfMagic = 0xcafe4a11;

/** 16 hexadecimal digits. */
export const shortHash = (text: string | Uint8Array): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 16);

/**
 * Makes the directory, and mounts bpffs on it where it is on another file system.
 * @throws KernelError `missing` where that is not allowed
 */
export function preparePinDirectory(libbpf: Libbpf, directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (fault) {
    throw new KernelError({
      kind: 'missing',
      message: `the pin directory cannot be made: ${fault instanceof Error ? fault.message : fault}; set SLUICE_BPF_PIN_DIR to one that can`,
    });
  }
  if (statfsSync(directory).type !== bpfMagic) {
    if (libbpf.mount('bpf', directory, 'bpf', 0n, null) < 0)
      throw new KernelError({
        kind: 'missing',
        message: `${failed(lastErrno(), `mounting bpffs on ${directory}`).message}; it needs CAP_SYS_ADMIN: mount it before (mount -t bpf bpf ${directory})`,
      });
  }
  for (const name of ['maps', 'links']) mkdirSync(join(directory, name), { recursive: true, mode: 0o700 });
}

/** Names in a directory; none where it is not there. */
export const pinsIn = (directory: string): string[] =>
  existsSync(directory) ? readdirSync(directory).sort() : [];

/** The descriptor of what is pinned at a path; undefined where nothing is. @throws KernelError `failed` */
export function openPin(libbpf: Libbpf, path: string): number | undefined {
  return existsSync(path) ? check(libbpf.bpf_obj_get(path), `opening ${path}`) : undefined;
}

/** Pins in place of what is pinned there: the new one is there before the old one goes. */
export function replacePin(libbpf: Libbpf, fd: number, path: string): void {
  if (!existsSync(path)) {
    check(libbpf.bpf_obj_pin(fd, path), `pinning ${path}`);
    return;
  }
  const temporary = `${path}-new`;
  if (existsSync(temporary)) unlinkSync(temporary);
  check(libbpf.bpf_obj_pin(fd, temporary), `pinning ${path}`);
  renameSync(temporary, path);
}

/** Takes a directory of pins away. What is still used elsewhere lives on. */
export function removePins(directory: string): void {
  for (const name of pinsIn(directory)) unlinkSync(join(directory, name));
  if (existsSync(directory)) rmdirSync(directory);
}
