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
