/**
 * Places of the members of an object in its JSON, so that a member can be used as it is written.
 *
 * @module
 */
import { endOfText } from '../http/bodies/json.ts'

export type Place = readonly [from: number, to: number]

const [QUOTE, COLON, COMMA] = [0x22, 0x3a, 0x2c]
const [BRACE, END_BRACE, BRACKET, END_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d]

/**
 * @param json an object that was parsed before; of two members of one name the last counts, as
 * there
 */
export function memberPlaces(json: Uint8Array): Map<string, Place> {
  const places = new Map<string, Place>()
  let depth = 0
  let name: string | undefined
  let from = 0
  for (let at = 0; at < json.length; at++) {
    const mark = json[at]
    if (mark === QUOTE) {
      const end = endOfText(json, at + 1)
      if (depth === 1) name ??= JSON.parse(new TextDecoder().decode(json.subarray(at, end)))
      at = end - 1
    } else if (mark === COLON && depth === 1) from = at + 1
    else if (mark === BRACE || mark === BRACKET) depth++
    else if (mark === END_BRACE || mark === END_BRACKET) depth--
    const isOver = mark === COMMA && depth === 1 || mark === END_BRACE && depth === 0
    if (!isOver || name === undefined) continue
    places.set(name, trimmed(json, from, at))
    name = undefined
  }
  return places
}

const isBlank = (byte: number | undefined) => byte !== undefined && byte <= 0x20

function trimmed(json: Uint8Array, start: number, end: number): Place {
  let [from, to] = [start, end]
  while (isBlank(json[from])) from++
  while (isBlank(json[to - 1])) to--
  return [from, to]
}
