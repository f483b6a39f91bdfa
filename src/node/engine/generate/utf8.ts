/**
 * Bytes of UTF-8 as they come, at whatever byte they are cut: text is told as soon as it is certain.
 * What is invalid becomes U+FFFD just as in a TextDecoder, which does not tell whether it waits for more.
 *
 * @module
 */

const REPLACEMENT = '\ufffd'

export interface Utf8 {
  add(bytes: Uint8Array): string
  /** Nothing more comes. */
  end(): string
}

export function createUtf8(): Utf8 {
  let point = 0
  let needed = 0
  /** Range of the next byte, which is narrower behind some first ones. */
  let least = 0x80
  let most = 0xbf

  function begin(byte: number): string {
    if (byte < 0x80) return String.fromCharCode(byte)
    if (byte >= 0xc2 && byte <= 0xdf) needed = 1
    else if (byte >= 0xe0 && byte <= 0xef) needed = 2
    else if (byte >= 0xf0 && byte <= 0xf4) needed = 3
    else return REPLACEMENT
    if (byte === 0xe0) least = 0xa0
    if (byte === 0xed) most = 0x9f
    if (byte === 0xf0) least = 0x90
    if (byte === 0xf4) most = 0x8f
    point = byte & (0x3f >> needed)
    return ''
  }

  function add(byte: number): string {
    if (needed === 0) return begin(byte)
    const belongs = byte >= least && byte <= most
    least = 0x80
    most = 0xbf
    if (!belongs) {
      needed = 0
      return REPLACEMENT + begin(byte)
    }
    point = point << 6 | byte & 0x3f
    return --needed === 0 ? String.fromCodePoint(point) : ''
  }

  return {
    add(bytes) {
      let text = ''
      for (const byte of bytes) text += add(byte)
      return text
    },
    end() {
      const isCut = needed > 0
      needed = 0
      return isCut ? REPLACEMENT : ''
    },
  }
}
