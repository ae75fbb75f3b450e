// Numbers of errors (asm-generic/errno.h) that are told apart, and the names of those that are often seen.

export const errno = {
  EPERM: 1,
  ENOENT: 2,
  E2BIG: 7,
  ENOMEM: 12,
  EACCES: 13,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  ENOSPC: 28,
  EOPNOTSUPP: 95,
  ENOTSUPP: 524,
} as const;

const names = new Map<number, string>(Object.entries(errno).map(([name, number]) => [number, name]));

/** E.g. `E2BIG`; `errno 4711` where it has no name here. */
export const errnoName = (number: number): string => names.get(number) ?? `errno ${number}`;
