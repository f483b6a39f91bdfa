/** The other side said something that cannot be understood, or too much of it. */
export class ProtocolError extends Error {
  override name = 'ProtocolError'
  constructor(readonly reason: 'malformed' | 'too_large', message: string) {
    super(message)
  }
}
