/**
 * Files that a command is to leave behind: looked at before the work whose result they are to hold.
 *
 * @module
 */
import { dirname, resolve } from 'node:path'

/** @throws RangeError where there is no folder for the file */
async function checkFolder(file: string): Promise<void> {
  const folder = dirname(resolve(file))
  const found = await Deno.stat(folder).catch(() => undefined)
  if (!found?.isDirectory) {
    throw new RangeError(`Cannot write ${file}: there is no folder ${folder}`)
  }
}

/** Leaves what is there as it is. @throws RangeError naming the file and why it cannot be written */
export async function checkWritable(file: string): Promise<void> {
  await checkFolder(file)
  const there = await Deno.stat(file).then(() => true, () => false)
  await Deno.writeTextFile(file, '', { append: true }).catch((error) => {
    throw new RangeError(`Cannot write ${file}: ${(error as Error).message}`)
  })
  if (!there) await Deno.remove(file)
}

/** @throws Error naming the file that cannot be written */
export async function writeOut(file: string, text: string): Promise<void> {
  await Deno.writeTextFile(file, text).catch((error) => {
    throw new Error(`Cannot write ${file}: ${(error as Error).message}`)
  })
}

/**
 * Puts a text in the place of what somebody's file holds, whole or not at all: a disk may be full, and
 * whoever reads at that moment has one or the other.
 *
 * @throws Error naming the file that cannot be written
 */
export async function replaceFile(file: string, text: string): Promise<void> {
  // Of a link the file that it leads to.
  const real = await Deno.realPath(file).catch(() => file)
  const aside = `${real}.${crypto.randomUUID().slice(0, 8)}`
  try {
    const mode = await Deno.stat(real).then((found) => found.mode, () => null)
    await Deno.writeTextFile(aside, text, mode === null ? {} : { mode: mode & 0o777 })
    await Deno.rename(aside, real)
  } catch (error) {
    await Deno.remove(aside).catch(() => {})
    throw new Error(`Cannot write ${file}: ${(error as Error).message}`)
  }
}
