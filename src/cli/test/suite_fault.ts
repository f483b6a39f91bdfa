/**
 * What was wrong with a suite where no test says it: it did not begin, or not end.
 *
 * @module
 */
import { stripVTControlCharacters } from 'node:util'

/** Heads what `deno test` says of each error; what follows is long, with the way to each at its end. */
const ERRORS = /^ ?ERRORS ?$/m
const LINES = 40
const LAST_LINES = 20

/** From the words that `deno test` has for it on, else the last lines. */
export function suiteFault(output: string): string {
  const text = stripVTControlCharacters(output).trimEnd()
  const at = text.search(ERRORS)
  return at < 0
    ? text.split('\n').slice(-LAST_LINES).join('\n')
    : text.slice(at).split('\n').slice(0, LINES).join('\n')
}
