/**
 * Locks a file beside the one that it is about: processes that share a folder change that one after
 * another.
 *
 * @module
 */
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Waits for whoever has it. Closing it lets go, and so does the end of the process. */
export async function lockBeside(file: string): Promise<Deno.FsFile> {
  await mkdir(dirname(file), { recursive: true })
  const lock = await Deno.open(`${file}.lock`, { create: true, write: true, mode: 0o600 })
  await lock.lock(true)
  return lock
}
