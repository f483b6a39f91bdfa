/** The other side said something that cannot be understood, or too much of it. */
export class ProtocolError extends Error {
  override name = 'ProtocolError'
  /** @param batch where it was said of a batch, and all but that can be read */
  constructor(
    readonly reason: 'malformed' | 'too_large',
    message: string,
    readonly batch?: number,
  ) {
    super(message)
  }
}
