/**
 * Where what was read of a document is written.
 *
 * @module
 */
import type { JobOutput } from '../../client/job_types.ts'
import { ENDINGS } from '../../client/job_facts.ts'

/**
 * Names of outputs by documents: `a/letter.pdf` and `a/letter.txt` of `a/letter.jpg`. Documents of one
 * folder that differ in their endings alone keep them: `letter.jpg.txt`, `letter.pdf.txt`.
 *
 * @param names with slashes, all of them
 */
export function outputNames(
  names: readonly string[],
): (name: string, output: JobOutput) => string {
  // A disk may take letters of either case for one.
  const stemOf = (name: string) => name.replace(/\.[^./]+$/, '')
  const all = new Set(names.map((name) => name.toLowerCase()))
  const counts = new Map<string, number>()
  for (const name of names) {
    const stem = stemOf(name).toLowerCase()
    counts.set(stem, (counts.get(stem) ?? 0) + 1)
  }
  return (name, output) => {
    const stem = stemOf(name)
    // `a.jpg.png` beside `a.jpg` keeps its ending, too.
    const isAlone = counts.get(stem.toLowerCase()) === 1 && !all.has(stem.toLowerCase())
    return (isAlone ? stem : name) + ENDINGS[output]
  }
}
