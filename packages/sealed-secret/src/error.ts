/** What can go wrong with sealed secrets. */
export type SealedSecretErrorCode = 'secret-key-invalid' | 'secret-cannot-be-opened';

/** A failure that an operator can act on. Never holds key, plaintext or ciphertext. */
export class SealedSecretError extends Error {
  readonly code: SealedSecretErrorCode;
  /** What to do about it. */
  readonly hint: string;
  constructor(code: SealedSecretErrorCode, message: string, hint: string) {
    super(message);
    this.name = 'SealedSecretError';
    this.code = code;
    this.hint = hint;
  }
}
