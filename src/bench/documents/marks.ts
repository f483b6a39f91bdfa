/**
 * A line that tells a page from all others, even where some of it is misread: its number, and six
 * letters, of which at least four are others on any other page.
 *
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

/** Finds pages by their marks in what was read of them. */
export function createMarks(pages: number): { pageOf(text: string): number | undefined } {
  const marks = Array.from({ length: pages }, (_, i) => joined(markOf(i + 1, pages)))

  /** Its page, from 1, and how much of it is wrong; nothing where two are as likely. */
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

  return {
    /** From 1; undefined where no line is like a mark. */
    pageOf(text) {
      const found = text.split(/[\n\t]/).map(joined)
        .filter((line) => editDistance(line.slice(0, HEAD.length), HEAD) <= MOST_WRONG.head)
        .flatMap((line) => nearest(line) ?? [])
      return found.sort((a, b) => a.wrong - b.wrong)[0]?.page
    },
  }
}
