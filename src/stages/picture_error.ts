/** A picture that cannot be decoded: the fault of its bytes. */
export class PictureError extends Error {
  override name = 'PictureError'
}

/** A codec that could not be loaded: no fault of any picture. */
export class CodecUnavailableError extends Error {
  override name = 'CodecUnavailableError'
}
