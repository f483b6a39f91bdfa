/**
 * The test files of a suite, in parts that take about as long as each other.
 *
 * @module
 */
import { join } from 'node:path'
import { ROOT } from '../root.ts'

export interface Part {
  suite: string
  place: number
  of: number
  /** From the project's folder. */
  files: string[]
}

/** The folder of the suite and those in it; none where no file is a test. */
export async function findParts(suite: string, count: number): Promise<Part[]> {
  const sizes = new Map<string, number>()
  await look(join('tests', suite), sizes)
  // The larger ones test more: dealt out from the largest on, to and fro.
  const files = [...sizes.keys()].sort().sort((a, b) => sizes.get(b)! - sizes.get(a)!)
  const parts = Array.from({ length: Math.min(count, files.length) }, () => [] as string[])
  for (const [i, file] of files.entries()) {
    const turn = i % (2 * parts.length)
    parts[Math.min(turn, 2 * parts.length - 1 - turn)]!.push(file)
  }
  return parts.map((files, i) => ({ suite, place: i + 1, of: parts.length, files: files.sort() }))
}

async function look(folder: string, sizes: Map<string, number>): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(join(ROOT, folder))) {
    const path = join(folder, name)
    if (isDirectory) await look(path, sizes)
    else if (name.endsWith('_test.ts')) {
      sizes.set(path, (await Deno.stat(join(ROOT, path))).size)
    }
  }
}
