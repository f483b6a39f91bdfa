/** @module A picture to send, and what type it is of. */

export type Picture = Blob | Uint8Array | ArrayBuffer

const STARTS: [type: string, at: number, bytes: string][] = [
  ['image/png', 0, '\x89PNG'],
  ['image/jpeg', 0, '\xff\xd8\xff'],
  ['image/webp', 8, 'WEBP'],
]

/** By its first bytes; undefined where it is none of these. */
export async function typeOf(picture: Blob): Promise<string | undefined> {
  const start = String.fromCharCode(...new Uint8Array(await picture.slice(0, 12).arrayBuffer()))
  return STARTS.find(([, at, bytes]) => start.startsWith(bytes, at))?.[0]
}

/** What else there is, a `Blob` would take for text: a path, a stream, a blob of another make. */
function bytesOf(picture: Uint8Array | ArrayBuffer): BlobPart {
  const isBuffer = Object.prototype.toString.call(picture) === '[object ArrayBuffer]'
  if (isBuffer || ArrayBuffer.isView(picture)) return picture as BlobPart
  throw new TypeError(
    'Cannot send a picture: must be a Blob or bytes: read files and streams first',
  )
}

/**
 * With the type of its first bytes: files of most runtimes do not know theirs, stores of files hand
 * all out as bytes, and a browser goes by the ending of a name, under which anything was saved.
 *
 * @throws TypeError for what is no picture
 */
export async function typed(picture: Picture): Promise<Blob> {
  const blob = picture instanceof Blob ? picture : new Blob([bytesOf(picture)])
  const type = await typeOf(blob) ?? blob.type
  return type === blob.type ? blob : blob.slice(0, blob.size, type)
}
