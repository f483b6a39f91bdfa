/**
 * Files on this machine under the name of their content, `HASH.onnx`.
 *
 * @module
 */
import { dirname, join, resolve } from 'node:path'
import { HOME } from '../root.ts'

export interface PreparedModel {
  /** Lower-case hexadecimal. */
  sha256: string
  bytes: number
  /** Absolute path of the ONNX file. */
  file: string
}

/** A file that cannot be stored: the disk is full, or the folder is not writable. */
export class StorageError extends Error {
  override name = 'StorageError'
  constructor(file: string, cause: unknown) {
    // What follows names the file aside, which nobody knows.
    const why = cause instanceof Error ? cause.message.replace(/: \w+ '[^]*$/, '') : String(cause)
    super(`Cannot keep ${file}: ${why}. SHOAL_CACHE names another folder for models`, { cause })
  }
}

/** @param dir default: `SHOAL_CACHE`, else `.shoal/models` in the project's folder */
export function storeDir(dir?: string): string {
  // One that is set to nothing is not set.
  return resolve(dir ?? (Deno.env.get('SHOAL_CACHE') || join(HOME, 'models')))
}

export const fileOf = (dir: string, sha256: string): string => join(dir, `${sha256}.onnx`)

/** Stores a model's bytes, if they are not there yet. */
export async function store(dir: string, bytes: Uint8Array): Promise<PreparedModel> {
  const sha256 = await sha256Of(bytes)
  const model = { sha256, bytes: bytes.byteLength, file: fileOf(dir, sha256) }
  if (!await isWhole(model)) {
    await writeWhole(model.file, bytes)
  }
  return model
}

export async function isWhole({ file, sha256, bytes }: PreparedModel): Promise<boolean> {
  try {
    if ((await Deno.stat(file)).size !== bytes) return false
    return await sha256Of(await Deno.readFile(file)) === sha256
  } catch {
    return false
  }
}

/**
 * A reader sees the file whole or not at all: written aside, then renamed.
 *
 * @throws StorageError
 */
export async function writeWhole(file: string, bytes: Uint8Array): Promise<void> {
  const aside = `${file}.${Deno.pid}-${crypto.randomUUID()}.part`
  try {
    await Deno.mkdir(dirname(file), { recursive: true })
    await Deno.writeFile(aside, bytes)
    await Deno.rename(aside, file)
  } catch (error) {
    await Deno.remove(aside).catch(() => {})
    throw new StorageError(file, error)
  }
}

export async function sha256Of(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
