/**
 * The documents of a folder, and what in it is none.
 *
 * @module
 */
import { join, relative } from 'node:path'
import { faultOfStart, FAULTS, START_BYTES } from '../../client/document.ts'

export interface Found {
  /** From the folder, with slashes. */
  name: string
  path: string
  bytes: number
  mtimeMs: number
}

export interface LeftOut {
  name: string
  why: string
}

/** What systems leave in folders for themselves. */
const NOT_MEANT = /^(\.|Thumbs\.db$|desktop\.ini$)/i
/** More are a whole disk by mistake, and their list fills the memory. */
const MOST_FILES = 100_000
/** Names of each kind that are said. */
const MOST_NAMES = 3

/**
 * In the order of their names. Links are not followed: they may lead in circles.
 *
 * @param apart a folder that is passed over
 * @throws RangeError where there are too many
 */
export async function walk(
  folder: string,
  apart: string,
  mostBytes: number,
): Promise<{ found: Found[]; leftOut: LeftOut[] }> {
  const found: Found[] = []
  const leftOut: LeftOut[] = []
  async function visit(dir: string): Promise<void> {
    const entries = await Array.fromAsync(Deno.readDir(dir)).catch(() => undefined)
    if (entries === undefined) {
      leftOut.push({ name: `${nameOf(folder, dir)}/`, why: 'not to be read' })
      return
    }
    entries.sort((a, b) => a.name < b.name ? -1 : 1)
    for (const entry of entries) {
      const path = join(dir, entry.name)
      if (NOT_MEANT.test(entry.name) || path === apart) continue
      if (entry.isDirectory) await visit(path)
      else if (found.length + leftOut.length >= MOST_FILES) {
        throw new RangeError(`Cannot read ${folder}: it has more than ${MOST_FILES} files`)
      } else {
        const name = nameOf(folder, path)
        const looked = entry.isFile ? await look(path, mostBytes) : 'no file but a link'
        if (typeof looked === 'string') leftOut.push({ name, why: looked })
        else found.push({ name, path, ...looked })
      }
    }
  }
  await visit(folder)
  return { found, leftOut }
}

const nameOf = (folder: string, path: string) => relative(folder, path).replaceAll('\\', '/')

/** A text says why it is none. */
async function look(
  path: string,
  mostBytes: number,
): Promise<{ bytes: number; mtimeMs: number } | string> {
  try {
    using file = await Deno.open(path)
    const { size, mtime } = await file.stat()
    if (size > mostBytes) return `larger than ${Math.round(mostBytes / 1e6)} MB`
    const start = new Uint8Array(START_BYTES)
    const got = await file.read(start)
    const fault = faultOfStart(start.subarray(0, got ?? 0))
    return fault === undefined ? { bytes: size, mtimeMs: mtime?.getTime() ?? 0 } : FAULTS[fault]
  } catch {
    return 'not to be read'
  }
}

/** One line for all; nothing where nothing was left out. */
export function leftOutLine(leftOut: readonly LeftOut[]): string | undefined {
  if (leftOut.length === 0) return undefined
  const kinds = [...new Set(leftOut.map(({ why }) => why))].map((why) => {
    const names = leftOut.filter((one) => one.why === why).map(({ name }) => name)
    const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : ''
    return `${names.slice(0, MOST_NAMES).join(', ')}${more} (${why})`
  })
  return `left out ${leftOut.length}: ${kinds.join('; ')}`
}
