/** A picture that cannot be decoded: the fault of its bytes. */
export class PictureError extends Error {
  override name = 'PictureError'
}

/** A codec that could not be loaded: no fault of any picture. */
export class CodecUnavailableError extends Error {
  override name = 'CodecUnavailableError'
}

/** A picture that is fine, and more than there is memory for here. */
export class PictureTooLargeError extends Error {
  override name = 'PictureTooLargeError'
}
