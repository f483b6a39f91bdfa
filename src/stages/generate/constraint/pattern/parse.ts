/**
 * Patterns read: the part of JavaScript's regular expressions that says which texts fit, and no more.
 *
 * @module
 */
import { PATTERN } from '../limits.ts'
import { CLASSES, type Ranges, without } from './ranges.ts'

export type Part =
  | { is: 'letters'; ranges: Ranges }
  | { is: 'start' | 'end' }
  | { is: 'row'; parts: Part[] }
  | { is: 'either'; parts: Part[] }
  | { is: 'repeat'; part: Part; min: number; max: number }

export class PatternError extends Error {}

const MOST_REPEATS = 1000
/** Groups one in the other. */
const MOST_GROUPS = 50

/** @throws PatternError in words that go on from the pattern's name */
export function parsePattern(source: string): Part {
  const letters = [...source]
  if (letters.length > PATTERN.characters) {
    throw new PatternError(`is of ${letters.length} characters: ${PATTERN.characters} may be`)
  }
  let at = 0
  const fail = (what: string): never => {
    throw new PatternError(`${what} at character ${at + 1}`)
  }
  const take = (letter: string): boolean => {
    if (letters[at] !== letter) return false
    at++
    return true
  }

  function either(depth: number): Part {
    if (depth > MOST_GROUPS) fail('has groups too deep')
    const parts = [row(depth)]
    while (take('|')) parts.push(row(depth))
    return parts.length === 1 ? parts[0]! : { is: 'either', parts }
  }

  function row(depth: number): Part {
    const parts: Part[] = []
    while (at < letters.length && letters[at] !== '|' && letters[at] !== ')') {
      parts.push(repeated(atom(depth)))
    }
    return parts.length === 1 ? parts[0]! : { is: 'row', parts }
  }

  function atom(depth: number): Part {
    const letter = letters[at++]!
    switch (letter) {
      case '^':
        return { is: 'start' }
      case '$':
        return { is: 'end' }
      case '.':
        return { is: 'letters', ranges: CLASSES.dot }
      case '[':
        return { is: 'letters', ranges: listed() }
      case '(': {
        if (take('?')) {
          if (take('<') && letters[at] !== '=' && letters[at] !== '!') {
            while (at < letters.length && letters[at] !== '>') at++
            if (!take('>')) fail('has a name without an end')
          } else if (!take(':')) fail('looks ahead or behind, which is not supported,')
        }
        const inner = either(depth + 1)
        if (!take(')')) fail('lacks a )')
        return inner
      }
      case '\\':
        return { is: 'letters', ranges: escaped() }
      case '*':
      case '+':
      case '?':
      case '{':
        at--
        return fail(`has a ${letter} with nothing before it`)
      default:
        return { is: 'letters', ranges: single(letter) }
    }
  }

  function repeated(part: Part): Part {
    const found = quantifier()
    if (found === undefined) return part
    if (part.is === 'start' || part.is === 'end') fail('repeats an edge')
    take('?')
    if (quantifier() !== undefined) fail('repeats a repeat')
    return { is: 'repeat', part, ...found }
  }

  function quantifier(): { min: number; max: number } | undefined {
    if (take('*')) return { min: 0, max: Infinity }
    if (take('+')) return { min: 1, max: Infinity }
    if (take('?')) return { min: 0, max: 1 }
    if (!take('{')) return undefined
    const end = letters.indexOf('}', at)
    const text = end < 0 ? '' : letters.slice(at, end).join('')
    const [, least, comma, most = ''] = /^(\d{1,6})(,?)(\d{0,6})$/.exec(text) ?? []
    if (least === undefined || comma === '' && most !== '') return fail('has a { that is no repeat')
    at = end + 1
    const min = Number(least)
    const max = comma === '' ? min : most === '' ? Infinity : Number(most)
    if (max < min) fail('repeats more at least than at most')
    if (min > MOST_REPEATS || max !== Infinity && max > MOST_REPEATS) {
      fail(`repeats more than ${MOST_REPEATS} times`)
    }
    return { min, max }
  }

  /** Behind a backslash. */
  function escaped(): Ranges {
    const letter = letters[at++]
    if (letter === undefined) return fail('ends in a backslash')
    const known = (CLASSES as { [letter: string]: Ranges })[letter]
    if (letter !== 'dot' && known !== undefined) return known
    const controls: { [letter: string]: string } = {
      n: '\n',
      r: '\r',
      t: '\t',
      f: '\f',
      v: '\v',
      '0': '\0',
    }
    if (Object.hasOwn(controls, letter)) return single(controls[letter]!)
    if (letter === 'x') return single(hex(2))
    if (letter === 'u') {
      if (!take('{')) return single(hex(4))
      const end = letters.indexOf('}', at)
      const digits = end < 0 ? '' : letters.slice(at, end).join('')
      if (!/^[\da-f]{1,6}$/i.test(digits)) fail('has a \\u{ without digits')
      const code = parseInt(digits, 16)
      if (code > 0x10ffff) fail('has a letter that there is not')
      at = end + 1
      return [[code, code]]
    }
    // Letters and digits mean something, or may some day.
    if (/[A-Za-z0-9]/.test(letter)) return fail(`has \\${letter}, which is not supported,`)
    return single(letter)
  }

  function hex(digits: number): string {
    const text = letters.slice(at, at + digits).join('')
    if (text.length < digits || !/^[\da-f]+$/i.test(text)) fail('has an escape without its digits')
    at += digits
    return String.fromCharCode(parseInt(text, 16))
  }

  /** Behind the opening bracket. */
  function listed(): Ranges {
    const isNot = take('^')
    const found: (readonly [number, number])[] = []
    while (at < letters.length && letters[at] !== ']') {
      const low = one()
      if (letters[at] === '-' && at + 1 < letters.length && letters[at + 1] !== ']') {
        at++
        const high = one()
        const [from, to] = [low[0]?.[0] ?? 0, high[0]?.[0] ?? 0]
        const isRange = [low, high].every((ranges) =>
          ranges.length === 1 && ranges[0]![0] === ranges[0]![1]
        )
        if (!isRange || to < from) fail('has a range that is none')
        found.push([from, to])
      } else found.push(...low)
    }
    if (!take(']')) fail('lacks a ]')
    return isNot ? without(found) : found
  }

  function one(): Ranges {
    if (take('\\')) return take('b') ? single('\b') : escaped()
    return single(letters[at++]!)
  }

  const whole = either(0)
  if (at < letters.length) fail(`has a ${letters[at]} too much`)
  return whole
}

function single(letter: string): Ranges {
  const code = letter.codePointAt(0)!
  return [[code, code]]
}
