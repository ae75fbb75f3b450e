/** Something that the person at the keyboard can mend: printed as message and hint, without a stack trace. */
export class SetupError extends Error {
  /**
   * @param {string} message what went wrong
   * @param {string} hint what to do about it
   */
  constructor(message, hint) {
    super(message);
    this.hint = hint;
  }
}
