/**
 * A TIFF of some pages of another: directories and what they point to are copied, pixels are not touched.
 *
 * @module
 */
import { MOST_BYTES } from '../faults.ts'
import { joined } from '../pdf/writer.ts'
import { blocksOf, type Directory, directoryOf, ENTRY_BYTES, LONG, TAG } from './file.ts'
import { TiffError, type TiffFile, viewOf } from './file.ts'

/** Where they point is not copied: directories of metadata, and JPEG tables of an old kind. */
const LEFT_OUT = [TAG.subDirectories, 34_665, 34_853, 40_965]

/** @throws TiffError where what a page has is not in the file */
export function tiffPart(file: TiffFile, from: number, count: number): Uint8Array<ArrayBuffer> {
  const { bytes, little } = file
  const blocks: Uint8Array[] = [bytes.subarray(0, 4), new Uint8Array(4)]
  let at = 8
  /** Where the offset of the next directory goes. */
  let link = viewOf(blocks[1]!)
  const put = (block: Uint8Array) => {
    const start = at
    const even = block.length + block.length % 2
    blocks.push(block)
    if (even > block.length) blocks.push(new Uint8Array(1))
    at += even
    if (at > MOST_BYTES) {
      throw new TiffError('Cannot read: pages of the TIFF lie on each other; save it anew')
    }
    return start
  }
  for (let page = from; page < from + count; page++) {
    const directory = directoryOf(file, page)
    for (const tag of LEFT_OUT) directory.delete(tag)
    moveData(file, directory, put)
    const written = new Uint8Array(2 + directory.size * ENTRY_BYTES + 4)
    const view = viewOf(written)
    view.setUint16(0, directory.size, little)
    let entry = 2
    for (const [tag, { type, count, bytes }] of directory) {
      view.setUint16(entry, tag, little)
      view.setUint16(entry + 2, type, little)
      view.setUint32(entry + 4, count, little)
      if (bytes.length <= 4) written.set(bytes, entry + 8)
      else view.setUint32(entry + 8, put(bytes), little)
      entry += ENTRY_BYTES
    }
    link.setUint32(0, put(written), little)
    link = viewOf(written.subarray(-4))
  }
  return joined(blocks)
}

/** Copies strips and tiles, and points to the copies. */
function moveData(
  file: TiffFile,
  directory: Directory,
  put: (block: Uint8Array) => number,
): void {
  const tag = directory.has(TAG.tiles) ? TAG.tiles : TAG.strips
  const places = directory.get(tag)
  if (places === undefined) return
  const moved = blocksOf(file, directory).map(put)
  const bytes = new Uint8Array(moved.length * 4)
  moved.forEach((to, i) => viewOf(bytes).setUint32(i * 4, to, file.little))
  directory.set(tag, { ...places, type: LONG, bytes })
}
