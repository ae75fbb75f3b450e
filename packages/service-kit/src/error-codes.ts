/** What a code means and what mends it; `docs/errors.md` is written from this list. */
export interface ErrorDoc {
  /** One sentence, in the reader's words. */
  readonly meaning: string;
  /** What to do about it. */
  readonly mend: string;
}

/**
 * Every code that a `SluiceError` may carry, sorted. A new one is one entry here; then
 * `UPDATE_GOLDEN=1 npx vitest run test/docs/errors.test.ts` writes it into docs/errors.md.
 */
export const errorCodes = {
  'address-in-use': {
    meaning: 'Another process listens on the address or socket that this one was told to use.',
    mend: 'Stop the other process, or choose another address.',
  },
  'address-unusable': {
    meaning:
      'The address or socket cannot be listened on: it is not of this machine, or its directory is missing or closed.',
    mend: 'Give an address of this machine, or a socket path in a directory that exists and may be written.',
  },
  'config-invalid': {
    meaning:
      'Environment variables are missing or cannot be understood; each one is named with its mend. Exit code 2.',
    mend: 'Set the variables as the message says; `.env.template` lists all of them.',
  },
  'datapath-unavailable': {
    meaning:
      'This machine cannot run the eBPF datapath: a capability, a kernel feature, a mount or a file is missing, which the message names.',
    mend: 'Run bpf-agent as root or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON, and mend what is named; in standalone mode go on without it: `sluice up --datapath off`.',
  },
  'file-unreadable': {
    meaning: 'A file that a setting names is missing, may not be read, or does not hold what it should.',
    mend: 'Check the path and the permissions of the file.',
  },
  'instance-not-found': {
    meaning: 'No running `sluice up` was found for this directory.',
    mend: 'Start one with `sluice up DIR`, or name its data directory with `--data-dir`.',
  },
  'instance-running': {
    meaning: 'Another `sluice up` already uses this data directory.',
    mend: 'Stop it first, or give this one its own `--data-dir`.',
  },
  'lease-lost': {
    meaning:
      'This replica led and did not renew its Lease in time, so that another one may lead now. It ends and starts again as a standby.',
    mend: 'Nothing, if it happens once; if it happens often, see why the API server is slow, or set SLUICE_LEASE_SECONDS higher.',
  },
  'process-failed': {
    meaning: 'A process that the platform started ended or never became ready.',
    mend: 'Read its log, which the message names.',
  },
  'secret-cannot-be-opened': {
    meaning:
      'A sealed secret of the log was sealed with another key, belongs to another object, or was changed on the way.',
    mend: 'Give xds-server the sealing key of api-watcher; if it has it, see whether the log is damaged with `sluice replay --verify`.',
  },
  'secret-key-invalid': {
    meaning: 'The key that seals private keys is missing or has the wrong size.',
    mend: 'Give a file of 32 random bytes that only its owner can read; api-watcher and xds-server need the same one.',
  },
  'source-unreadable': {
    meaning: 'A manifest directory does not exist or may not be read.',
    mend: 'Check the path given to `sluice up` or SLUICE_SOURCE_DIRS.',
  },
  'state-damaged': {
    meaning: 'The local state of a service cannot be read.',
    mend: 'Delete the state file: it is rebuilt from the log.',
  },
  'tool-missing': {
    meaning: 'A program that the platform needs was not found, or is too old.',
    mend: 'Run `npm start` once: it fetches the pinned toolchain into the checkout.',
  },
} as const satisfies Readonly<Record<string, ErrorDoc>>;

/** A code of `errorCodes`. */
export type ErrorCode = keyof typeof errorCodes;
