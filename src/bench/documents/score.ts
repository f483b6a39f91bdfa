/**
 * What came of the pages of a document: which are lost, there twice or in another's place, and how much
 * of them was read right.
 *
 * @module
 */
import { editDistance } from '../../../profiles/ocr/score.ts'
import { createMarks } from './marks.ts'

export interface Read {
  characters: number
  /** Edit distance over the whole text in reading order, at most all of them. */
  errors: number
  words: number
  /** Of the true words, each found once, wherever it stands. */
  wordsRight: number
}

/** Pages by their numbers, from 1. */
export interface PagesFound {
  lost: number[]
  repeated: number[]
  /** After a page with a higher number. */
  exchanged: number[]
  /** Texts that are no page's. */
  strange: number
}

/** White space of any kind parts words, and nothing else. */
const plain = (text: string) => text.replace(/\s+/gu, ' ').trim()

/** Share of a page's characters that must be right where its mark cannot be read. */
const LEAST_LIKE = 0.5

export function readOf(text: string, truth: string): Read {
  const [found, wanted] = [plain(text), plain(truth)]
  const left = new Map<string, number>()
  for (const word of found.split(' ')) left.set(word, (left.get(word) ?? 0) + 1)
  const words = wanted.split(' ')
  const wordsRight = words.filter((word) => {
    const count = left.get(word) ?? 0
    left.set(word, count - 1)
    return count > 0
  }).length
  const errors = Math.min(wanted.length, editDistance(found, wanted))
  return { characters: wanted.length, errors, words: words.length, wordsRight }
}

export const sumOf = (all: readonly Read[]): Read =>
  all.reduce((sum, one) => ({
    characters: sum.characters + one.characters,
    errors: sum.errors + one.errors,
    words: sum.words + one.words,
    wordsRight: sum.wordsRight + one.wordsRight,
  }), { characters: 0, errors: 0, words: 0, wordsRight: 0 })

/**
 * @param texts of the pages that came, in their order
 * @param truths of all pages
 * @param failed pages, from 1, of which none is expected
 */
export function scorePages(
  texts: readonly string[],
  truths: readonly string[],
  failed: ReadonlySet<number> = new Set(),
): PagesFound & { read: Read } {
  const marks = createMarks(truths.length)
  const expected = truths.map((_, i) => i + 1).filter((page) => !failed.has(page))
  const seen = new Map<number, number>()
  const score: PagesFound = { lost: [], repeated: [], exchanged: [], strange: 0 }
  const reads: Read[] = []
  let last = 0
  for (const [i, text] of texts.entries()) {
    const page = marks.pageOf(text) ?? likely(text, expected[i])
    if (page === undefined) {
      score.strange++
      continue
    }
    seen.set(page, (seen.get(page) ?? 0) + 1)
    if (page < last) score.exchanged.push(page)
    last = Math.max(last, page)
    reads.push(readOf(text, truths[page - 1]!))
  }
  score.lost = expected.filter((page) => !seen.has(page))
  score.repeated = [...seen].filter(([, times]) => times > 1).map(([page]) => page)
  return { ...score, read: sumOf(reads) }

  /** The page that is expected in this place, where most of its text is there. */
  function likely(text: string, page: number | undefined): number | undefined {
    if (page === undefined) return undefined
    const { characters, errors } = readOf(text, truths[page - 1]!)
    return errors <= (1 - LEAST_LIKE) * characters ? page : undefined
  }
}
