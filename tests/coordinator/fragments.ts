/** Fragments as a node sends them, of a message that may never end. */
export function fragmentOf(index: number, count: number, bytes: number): Uint8Array<ArrayBuffer> {
  const fragment = new Uint8Array(16 + bytes)
  const view = new DataView(fragment.buffer)
  fragment.set([0x53, 1])
  view.setUint32(4, 7, true)
  view.setUint32(8, index, true)
  view.setUint32(12, count, true)
  return fragment
}
