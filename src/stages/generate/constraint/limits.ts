/**
 * Bounds on the time and memory of a schema: any client may send one.
 *
 * @module
 */

/**
 * Steps to read a schema, all its patterns, lists and references together: a tenth or two of a
 * second. Ordinary schemas take thousands.
 */
export const MOST_WORK = 4_000_000
/** Parts of a schema; a part that several references lead to counts once. */
export const MOST_RULES = 5000
/** Parts one in the other, as the schema is written. */
export const MOST_NESTING = 64
/** Objects and arrays one in the other, in an answer. */
export const MOST_DEPTH = 64
export const MOST_PROPERTIES = 256
/** Bytes of all names and fixed values together. */
export const MOST_LITERAL_BYTES = 256 * 1024
/** Of `minLength`, `maxLength`, `minItems` and `maxItems` that are counted. */
export const MOST_COUNT = 100_000
/** Parses of the text so far that are followed at once; further ones are dropped. */
export const MOST_WAYS = 256
/** States that are kept; then all are forgotten, and made again where they are needed. */
export const MOST_STATES = 8192
/** Most places in them that are kept. */
export const MOST_KEPT_WAYS = 100_000
/** Of masks that are kept, in bytes. */
export const MOST_MASK_BYTES = 8 * 1024 * 1024
/** Ways that are looked at for one mask: tenths of a second, or seconds where all are new. */
export const MOST_MASK_WORK = 10_000_000

/** Of a pattern: characters, parts after repeats are written out, states. */
export const PATTERN = { characters: 4096, parts: 5000, states: 1000 } as const
/** States times lengths of a pattern beside `minLength` or `maxLength`, and with classes of letters. */
export const PATTERN_LENGTHS = { cells: 4_000_000, work: 40_000_000 } as const
