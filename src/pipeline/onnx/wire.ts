/**
 * Fields of a protobuf message, as far as ONNX files need them; nothing is copied.
 *
 * @module
 */

export interface Field {
  field: number
  value: number | Uint8Array
}

/** The messages in a field. */
export function* parts(bytes: Uint8Array, wanted: number): Generator<Uint8Array> {
  for (const { field, value } of fieldsOf(bytes)) {
    if (field === wanted && typeof value !== 'number') yield value
  }
}

/** One number, or a packed row of them. */
export function* numbersIn(value: number | Uint8Array): Generator<number> {
  if (typeof value === 'number') return yield value
  for (let at = 0; at < value.length;) {
    const [number, next] = varint(value, at)
    yield number
    at = next
  }
}

/** The fields of a message, nothing copied. @throws RangeError where it is none */
export function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  for (let at = 0; at < bytes.length;) {
    const [tag, from] = varint(bytes, at)
    const field = Math.floor(tag / 8)
    const wire = tag % 8
    if (wire === 0) {
      const [value, next] = varint(bytes, from)
      yield { field, value }
      at = next
      continue
    }
    const [size, start] = wire === 2
      ? varint(bytes, from)
      : wire === 1 || wire === 5
      ? [wire === 1 ? 8 : 4, from]
      : [NaN, from]
    // Not a number fits nowhere either.
    if (!(start + size <= bytes.length)) throw new RangeError('a field is cut off')
    if (wire === 2) yield { field, value: bytes.subarray(start, start + size) }
    at = start + size
  }
}

/** A number of variable length and where it ends; negative ones become huge, as unsigned. */
function varint(bytes: Uint8Array, at: number): [value: number, next: number] {
  let value = 0
  for (let shift = 0; shift < 64; shift += 7) {
    const byte = bytes[at++]
    if (byte === undefined) break
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) return [value, at]
  }
  throw new RangeError('a number is cut off')
}
