/**
 * A PDF as PDFium writes it: one plain table of where objects are, no object within another's stream,
 * nothing encrypted. Objects are read as text and changed by what is appended, so whatever else the
 * file has stays byte for byte.
 *
 * @module
 */
import type { Base, PdfWriter, Ref } from './writer.ts'

/** Entries by name, values as they stand in the file. */
export type Dictionary = Map<string, string>

/** A dictionary is text, of a page a few kilobytes; one beyond this is made to take memory. */
const MOST_DICTIONARY_BYTES = 4 * 2 ** 20
/** So much is looked at first: most are smaller, and a picture follows many. */
const USUAL_DICTIONARY_BYTES = 8 * 1024
/** Levels of arrays and dictionaries in each other. */
const MOST_LEVELS = 200
/** Where the table begins is said at the end. */
const END_BYTES = 1024

export interface PlainFile {
  base: Base
  /** As it was in the file; nothing where there is no such dictionary. */
  read(ref: Ref): Dictionary | undefined
  /** Its text, where it is no dictionary. */
  text(ref: Ref): string
  /** As it stands, from its head to what follows it. */
  object(ref: Ref): Uint8Array
  /** What follows a dictionary, where that is a stream. */
  stream(ref: Ref): Uint8Array | undefined
  /** The dictionary of an object that is none of a stream, for changing it. */
  edit(ref: Ref): Dictionary | undefined
  edited: ReadonlyMap<Ref, Dictionary>
  /** Writes what was changed. */
  flush(writer: PdfWriter): void
}

/** @throws Error where PDFium wrote it in another way */
export function readPlain(bytes: Uint8Array): PlainFile {
  const end = latin1(bytes.subarray(-END_BYTES))
  const table = Number(/startxref\s+(\d+)\s+%%EOF\s*$/.exec(end)?.[1] ?? NaN)
  const { starts, trailer } = readTable(latin1(bytes.subarray(table)))
  const sorted = [...starts.values(), table].sort((a, b) => a - b)
  const edited = new Map<Ref, Dictionary>()

  function object(ref: Ref): Uint8Array {
    const at = starts.get(ref)
    if (at === undefined) return new Uint8Array()
    return bytes.subarray(at, sorted[upper(sorted, at)] ?? bytes.length)
  }

  /** From behind an object's head, as far as it may be text. */
  function text(ref: Ref): string {
    const whole = object(ref)
    const start = latin1(whole.subarray(0, USUAL_DICTIONARY_BYTES))
    const isCut = whole.length > USUAL_DICTIONARY_BYTES && !hasValue(start)
    const all = isCut ? latin1(whole.subarray(0, MOST_DICTIONARY_BYTES)) : start
    return all.slice(headOf(all))
  }
  const read = (ref: Ref) => {
    const object = text(ref)
    return object.startsWith('<<') ? parseDictionary(object) : undefined
  }
  return {
    base: { bytes, table, trailer, size: Number(trailer.get('Size')) },
    text,
    read,
    object,
    edited,
    stream(ref) {
      const start = text(ref)
      const length = Number(read(ref)?.get('Length'))
      const end = endOfValue(start, 0)
      const keyword = /^\s*stream\r?\n/.exec(start.slice(end, end + 20))
      if (keyword === null || !Number.isSafeInteger(length)) return undefined
      const whole = object(ref)
      const from = headOf(latin1(whole.subarray(0, USUAL_DICTIONARY_BYTES))) + end +
        keyword[0].length
      return whole.subarray(from, from + length)
    },
    edit(ref) {
      const known = edited.get(ref)
      if (known !== undefined) return known
      const dictionary = read(ref)
      if (dictionary !== undefined) edited.set(ref, dictionary)
      return dictionary
    },
    flush(writer) {
      for (const [ref, dictionary] of edited) writer.put(textOf(dictionary), ref)
    },
  }
}

const headOf = (object: string): number => /^\s*\d+ \d+ obj\s*/.exec(object)?.[0].length ?? 0

function hasValue(object: string): boolean {
  try {
    // A number at the end may go on.
    return endOfValue(object, headOf(object)) < object.length - 1
  } catch {
    return false
  }
}

function readTable(text: string) {
  const starts = new Map<Ref, number>()
  const [, rows = '', rest = ''] = /^xref\s+([\d\s nf]*)trailer\s*([^]*)/.exec(text) ?? []
  let ref = 0
  for (const [, a, use] of rows.matchAll(/(\d+) \d+(?: ([nf]))?\s/g)) {
    if (use === undefined) ref = Number(a)
    else {
      if (use === 'n') starts.set(ref, Number(a))
      ref++
    }
  }
  const trailer = parseDictionary(rest)
  if (refOf(trailer.get('Root')) === undefined) throw new Error('Cannot read: no plain PDF')
  return { starts, trailer }
}

/** Index of the first number that is larger. */
function upper(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! > value) high = middle
    else low = middle + 1
  }
  return low
}

/** Each byte is a character: what is written back is what was read. */
export function latin1(bytes: Uint8Array): string {
  const parts: string[] = []
  for (let at = 0; at < bytes.length; at += 8192) {
    parts.push(String.fromCharCode(...bytes.subarray(at, at + 8192)))
  }
  return parts.join('')
}

export const refOf = (value: string | undefined): Ref | undefined => {
  const ref = /^\s*(\d+) \d+ R\s*$/.exec(value ?? '')?.[1]
  return ref === undefined ? undefined : Number(ref)
}

export const textOf = (dictionary: Dictionary): string =>
  `<<${[...dictionary].map(([name, value]) => `/${name} ${value}`).join('\n')}>>`

/** @param text begins with `<<` */
export function parseDictionary(text: string): Dictionary {
  const entries: Dictionary = new Map()
  let at = skipSpace(text, text.indexOf('<<') + 2)
  while (text[at] === '/') {
    const nameEnd = endOfValue(text, at)
    const valueEnd = endOfValue(text, nameEnd)
    entries.set(text.slice(at + 1, nameEnd), text.slice(nameEnd, valueEnd).trim())
    at = skipSpace(text, valueEnd)
  }
  return entries
}

const SPACE = /[\0\t\n\f\r ]*/y
const NAME = /\/[^\0\t\n\f\r ()<>[\]{}/%]*/y
const REFERENCE = /\d+[\0\t\n\f\r ]+\d+[\0\t\n\f\r ]+R/y
const HEX = /<[^>]*>/y
const OTHER = /[^\0\t\n\f\r ()<>[\]{}/%]+/y

function match(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : -1
}

const skipSpace = (text: string, at: number): number => match(SPACE, text, at)

/** @throws Error for what is no value, or for levels made to exhaust the stack */
export function endOfValue(text: string, from: number, level = 0): number {
  const at = skipSpace(text, from)
  if (level > MOST_LEVELS) throw new Error('Cannot read a PDF: values are nested too deep')
  if (text.startsWith('<<', at)) return endOfList(text, at + 2, '>>', level)
  if (text[at] === '[') return endOfList(text, at + 1, ']', level)
  if (text[at] === '(') return endOfString(text, at)
  for (const pattern of [NAME, REFERENCE, HEX, OTHER]) {
    const end = match(pattern, text, at)
    if (end > at) return end
  }
  throw new Error('Cannot read a PDF: a value is cut short')
}

function endOfList(text: string, from: number, close: string, level: number): number {
  let at = skipSpace(text, from)
  while (!text.startsWith(close, at)) at = skipSpace(text, endOfValue(text, at, level + 1))
  return at + close.length
}

function endOfString(text: string, from: number): number {
  let open = 0
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '(') open++
    else if (text[at] === ')' && --open === 0) return at + 1
  }
  throw new Error('Cannot read a PDF: a string is cut short')
}
