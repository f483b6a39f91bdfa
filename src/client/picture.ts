/** @module A picture to send, and what type it is of. */

export type Picture = Blob | Uint8Array | ArrayBuffer

const STARTS: [type: string, at: number, bytes: string][] = [
  ['image/png', 0, '\x89PNG'],
  ['image/jpeg', 0, '\xff\xd8\xff'],
  ['image/webp', 8, 'WEBP'],
]

/**
 * With its own type, or that of its first bytes: files of most runtimes do not know theirs, and
 * stores of files hand all out as bytes.
 */
export async function typed(picture: Picture): Promise<Blob> {
  const blob = picture instanceof Blob ? picture : new Blob([picture as BlobPart])
  if (STARTS.some(([type]) => type === blob.type)) return blob
  const start = String.fromCharCode(...new Uint8Array(await blob.slice(0, 12).arrayBuffer()))
  const found = STARTS.find(([, at, bytes]) => start.startsWith(bytes, at))
  return found === undefined ? blob : blob.slice(0, blob.size, found[0])
}
