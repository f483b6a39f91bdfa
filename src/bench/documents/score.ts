/**
 * What came of the pages of a document: which are lost, there twice or in another's place, and how much
 * of them was read right. A mark at its foot tells a page from all others, even where some of the mark
 * is misread: its number, and six letters, of which at least four are others on any other page.
 * @module
 */
import { editDistance } from '../../../profiles/ocr/score.ts'

/** That look unlike each other, and unlike digits. */
const LETTERS = 'ACEFHKLMNPRTUVXYZ'
const CODE_LENGTH = 6
const HEAD = 'Page'
/** Of the head's characters, and of all of a mark, that may be misread. */
const MOST_WRONG = { head: 1, whole: 6 }
/** So that no two letters beside each other are often the same: recognisers take them for one. */
const STEP = 5

/** Values of a polynomial with the number's digits to the base 17: two of them agree twice at most. */
function codeOf(page: number): string {
  const [a, b, c] = [page % 17, Math.floor(page / 17) % 17, Math.floor(page / 289) % 17]
  const values = Array.from({ length: CODE_LENGTH }, (_, x) => a + (b + STEP) * x + c * x * x)
  return values.map((value) => LETTERS[value % 17]).join('')
}

const digits = (page: number) => String(page).padStart(4, '0')

/** @param page from 1 to 4,912 */
export const markOf = (page: number, pages: number): string =>
  `${HEAD} ${digits(page)} of ${digits(pages)} ${codeOf(page)}`

const joined = (text: string) => text.replace(/\s+/gu, '')

/** Finds a page, from 1, by its mark in what was read of it; undefined where no line is like one. */
function pageFinder(pages: number): (text: string) => number | undefined {
  const marks = Array.from({ length: pages }, (_, i) => joined(markOf(i + 1, pages)))

  /** Its page and how much of it is wrong; nothing where two are as likely. */
  function nearest(line: string): { page: number; wrong: number } | undefined {
    let [page, least, times] = [0, MOST_WRONG.whole + 1, 0]
    for (const [i, mark] of marks.entries()) {
      const wrong = editDistance(line, mark)
      if (wrong > least) continue
      times = wrong < least ? 1 : times + 1
      ;[page, least] = [i + 1, wrong]
    }
    return times === 1 && least <= MOST_WRONG.whole ? { page, wrong: least } : undefined
  }

  return (text) =>
    text.split(/[\n\t]/).map(joined)
      .filter((line) => editDistance(line.slice(0, HEAD.length), HEAD) <= MOST_WRONG.head)
      .flatMap((line) => nearest(line) ?? [])
      .sort((a, b) => a.wrong - b.wrong)[0]?.page
}

export interface Read {
  characters: number
  /** Edit distance over the whole text in reading order, at most all of them. */
  errors: number
  words: number
  /** Of the true words, each found once, wherever it stands. */
  wordsRight: number
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
    const times = left.get(word) ?? 0
    left.set(word, times - 1)
    return times > 0
  }).length
  const errors = Math.min(wanted.length, editDistance(found, wanted))
  return { characters: wanted.length, errors, words: words.length, wordsRight }
}

export function allOf(reads: readonly Read[]): Read {
  const all: Read = { characters: 0, errors: 0, words: 0, wordsRight: 0 }
  for (const one of reads) {
    for (const name of Object.keys(all) as (keyof Read)[]) all[name] += one[name]
  }
  return all
}

/**
 * Pages by their numbers, from 1: those without a text, with two, and after a page with a higher number.
 *
 * @param texts of the pages that came, in their order
 * @param truths of all pages
 * @param failed pages, from 1, of which none is expected
 */
export function scorePages(
  texts: readonly string[],
  truths: readonly string[],
  failed: ReadonlySet<number> = new Set(),
) {
  const pageOf = pageFinder(truths.length)
  const expected = truths.map((_, i) => i + 1).filter((page) => !failed.has(page))
  const seen = new Map<number, number>()
  const exchanged: number[] = []
  const reads: Read[] = []
  /** Texts that are no page's. */
  let strange = 0
  let last = 0
  for (const [i, text] of texts.entries()) {
    const page = pageOf(text) ?? likely(text, expected[i])
    if (page === undefined) {
      strange++
      continue
    }
    seen.set(page, (seen.get(page) ?? 0) + 1)
    if (page < last) exchanged.push(page)
    last = Math.max(last, page)
    reads.push(readOf(text, truths[page - 1]!))
  }
  return {
    lost: expected.filter((page) => !seen.has(page)),
    repeated: [...seen].filter(([, times]) => times > 1).map(([page]) => page),
    ...{ exchanged, strange, read: allOf(reads) },
  }

  /** The page that is expected in this place, where most of its text is there. */
  function likely(text: string, page: number | undefined): number | undefined {
    if (page === undefined) return undefined
    const { characters, errors } = readOf(text, truths[page - 1]!)
    return errors <= (1 - LEAST_LIKE) * characters ? page : undefined
  }
}
