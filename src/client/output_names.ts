/** @module How what was read of documents is called, on the page, in a zip and by the command alike. */

/** An ending as types of files have it: that of a date is none. */
const ENDING = /(?<=[^/])\.[a-z][a-z0-9]{0,4}$/i

/**
 * What the outputs of documents are called, but for the endings of outputs: `a/letter` of
 * `a/letter.pdf`. Documents of one folder that differ in their endings alone keep them: `letter.pdf`,
 * `letter.tif`. Of documents with one name the second is `letter (2)`. No two are the same, whatever the
 * case of their letters: a disk may take them for one.
 *
 * @param names with slashes, of all documents that go to one place
 * @returns in their order
 */
export function outputStems(names: readonly string[]): string[] {
  const all = new Set<string>()
  const own = names.map((name) => {
    const free = apart(name, all)
    all.add(free.toLowerCase())
    return free
  })
  const stems = own.map((name) => name.replace(ENDING, ''))
  const counts = new Map<string, number>()
  for (const stem of stems) {
    counts.set(stem.toLowerCase(), (counts.get(stem.toLowerCase()) ?? 0) + 1)
  }
  return stems.map((stem, i) => {
    // `a.jpg.png` beside `a.jpg` keeps its ending, too.
    const isAlone = counts.get(stem.toLowerCase()) === 1 && !all.has(stem.toLowerCase())
    return isAlone ? stem : own[i]!
  })
}

/** The name, or one like it that is not taken yet: phones call every photograph the same. */
export function apart(name: string, taken: ReadonlySet<string>): string {
  const isTaken = (one: string) => taken.has(one.toLowerCase())
  const ending = ENDING.exec(name)?.[0] ?? ''
  const stem = name.slice(0, name.length - ending.length)
  let free = name
  for (let n = 2; isTaken(free); n++) free = `${stem} (${n})${ending}`
  return free
}
