// The server's key pair and the authority of its clients, from a directory as a mounted Secret of type kubernetes.io/tls
// lays it out: `tls.crt`, `tls.key`, `ca.crt`. A changed set is taken within seconds, without a connection being cut; one
// that is incomplete or does not fit together is told and left, and the last good one stays.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { experimental } from '@grpc/grpc-js';
import { type Logger, SluiceError } from '@sluice/service-kit';

type IdentityListener = experimental.IdentityCertificateUpdateListener;
type CaListener = experimental.CaCertificateUpdateListener;

interface Files {
  readonly certificate: Buffer;
  readonly privateKey: Buffer;
  readonly caCertificate: Buffer;
}

const intervalMs = 5_000;

/** Reads a directory again and again, and tells those who listen what changed. */
export class TlsFiles implements experimental.CertificateProvider {
  readonly #directory: string;
  readonly #logger: Logger;
  readonly #identity = new Set<IdentityListener>();
  readonly #ca = new Set<CaListener>();
  readonly #timer: NodeJS.Timeout;
  #files: Files;
  #lastFault = '';

  /** @throws SluiceError `file-unreadable` where the first set cannot be served */
  constructor(directory: string, logger: Logger) {
    this.#directory = directory;
    this.#logger = logger;
    this.#files = read(directory);
    this.#timer = setInterval(() => this.refresh(), intervalMs).unref();
  }

  /** Looks at the files now. */
  refresh(): void {
    try {
      const files = read(this.#directory);
      this.#lastFault = '';
      if (same(files, this.#files)) return;
      this.#files = files;
      this.#logger.info({ directory: this.#directory }, 'certificates of the ADS server changed');
      for (const listener of this.#ca) listener(files);
      for (const listener of this.#identity) listener(files);
    } catch (error) {
      const fault = error instanceof Error ? error.message : String(error);
      if (fault !== this.#lastFault) this.#logger.warn({ fault }, 'certificates stay as they were');
      this.#lastFault = fault;
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  addCaCertificateListener(listener: CaListener): void {
    this.#ca.add(listener);
    process.nextTick(listener, this.#files);
  }

  removeCaCertificateListener(listener: CaListener): void {
    this.#ca.delete(listener);
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    this.#identity.add(listener);
    process.nextTick(listener, this.#files);
  }

  removeIdentityCertificateListener(listener: IdentityListener): void {
    this.#identity.delete(listener);
  }
}

function read(directory: string): Files {
  try {
    const of = (name: string): Buffer => readFileSync(join(directory, name));
    const files = { certificate: of('tls.crt'), privateKey: of('tls.key'), caCertificate: of('ca.crt') };
    createSecureContext({ cert: files.certificate, key: files.privateKey, ca: files.caCertificate });
    return files;
  } catch (cause) {
    throw new SluiceError('file-unreadable', `no server certificate can be had from ${directory}`, {
      hint: 'it must hold tls.crt, tls.key and ca.crt, and the key must be that of the certificate',
      cause,
    });
  }
}

function same(a: Files, b: Files): boolean {
  return (
    a.certificate.equals(b.certificate) &&
    a.privateKey.equals(b.privateKey) &&
    a.caCertificate.equals(b.caCertificate)
  );
}
