/**
 * Files that a run is to leave behind.
 *
 * @module
 */
import { dirname, resolve } from 'node:path'

/** @throws RangeError where there is no folder for the file */
export async function checkFolder(file: string): Promise<void> {
  const folder = dirname(resolve(file))
  const found = await Deno.stat(folder).catch(() => undefined)
  if (!found?.isDirectory) {
    throw new RangeError(`Cannot write ${file}: there is no folder ${folder}`)
  }
}

/** @throws Error naming the file that cannot be written */
export async function writeOut(file: string, text: string): Promise<void> {
  await Deno.writeTextFile(file, text).catch((error) => {
    throw new Error(`Cannot write ${file}: ${(error as Error).message}`)
  })
}
