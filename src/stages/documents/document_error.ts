/** A document that cannot be opened or read, or is more than one query takes. */
export class DocumentError extends Error {
  override name = 'DocumentError'
  constructor(readonly reason: 'invalid_input' | 'too_large', message: string) {
    super(message)
  }
}
