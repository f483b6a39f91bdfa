import { generateTaskOf, STOPS } from '../../pipeline/generate.ts'
import type { Task } from '../../pipeline/schema.ts'
import { BYTE_TOKENS, BYTES } from '../generate/bytes_tokenizer.ts'
import type { Json, JsonObject } from '../types.ts'
import { type Agreement, strangeField } from './kind.ts'

const FIELDS = ['text', 'ids', 'finish', 'promptTokens', 'completionTokens', 'json']

/** Fields `{text, ids, finish, promptTokens, completionTokens, json}`: nothing is nearly the same. */
export const generate: Partial<Agreement> = {
  sameFields(a, b) {
    if (a === null || b === null) return a === b
    return FIELDS.every((name) => isSame(a[name], b[name]))
  },
  faultOf({ fields, children }, task) {
    if (fields === null) return 'an answer without a text'
    const strange = strangeField(fields, FIELDS)
    if (strange !== undefined) return strange
    if (Object.keys(children).length > 0) return 'items for tasks that there are not'
    const { context, end = [], schema, tokenizer } = generateTaskOf(task as Task)
    const { text, ids, finish, promptTokens, completionTokens } = fields
    if (typeof text !== 'string') return 'a text that is none'
    const most = tokenizer === BYTES ? BYTE_TOKENS : Infinity
    if (!isTokens(ids, most)) return 'tokens that are none'
    if (finish !== 'stop' && finish !== 'length') return 'an answer that does not say how it ended'
    if (completionTokens !== ids.length) return 'another number of tokens than it has'
    if (!isCount(promptTokens) || promptTokens < 1) return 'a prompt without tokens'
    if (promptTokens + ids.length > context) return 'more tokens than there is room for'
    if (ids.some((id) => end.includes(id))) return 'tokens behind the end'
    const fault = tokenizer === BYTES ? faultOfBytes(text, ids, finish) : undefined
    return fault ?? faultOfJson(fields, text, finish, schema !== undefined)
  },
}

/** A stop string is left out of the text: less than the longest one may be missing of it. */
function faultOfBytes(text: string, ids: readonly number[], finish: string): string | undefined {
  const said = new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(ids))
  if (finish === 'length') return text === said ? undefined : 'a text that its tokens are not'
  const isPart = said.startsWith(text) && said.length - text.length <= STOPS.characters
  return isPart ? undefined : 'a text that its tokens are not'
}

/** A query may bring its own schema: then a value may be there, and it has to match the text. */
function faultOfJson(
  fields: JsonObject,
  text: string,
  finish: string,
  isKept: boolean,
): string | undefined {
  const { json } = fields
  const value = finish === 'stop' ? valueOf(text) : undefined
  if (json === undefined) {
    return isKept && value !== undefined ? 'JSON without its value' : undefined
  }
  if (value === undefined) return 'a value of a text that is no JSON'
  return isSame(json, value) ? undefined : 'a value that its text is not'
}

function valueOf(text: string): Json | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isCount = (value: Json | undefined): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0

const isTokens = (ids: Json | undefined, most: number): ids is number[] =>
  Array.isArray(ids) && ids.every((id) => isCount(id) && id < most)

/** To the letter. */
function isSame(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true
  if (a === undefined || b === undefined) return false
  try {
    return JSON.stringify(a) === JSON.stringify(b)
  } catch {
    // Nested deeper than any schema is kept to.
    return false
  }
}
