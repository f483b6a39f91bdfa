/**
 * Files to serve for ever: what they hold is in their name.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import type { Asset } from '../../coordinator/http/pages.ts'

const TYPES: Record<string, string> = {
  js: 'text/javascript; charset=utf-8',
  mjs: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  wasm: 'application/wasm',
  jpg: 'image/jpeg',
  png: 'image/png',
}

/** An asset with its path, as `/assets/NAME.HASH.EXTENSION`. */
export function hashedName(
  name: string,
  extension: string,
  body: Uint8Array,
): { path: string } & Asset {
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 16)
  const type = TYPES[extension] ?? 'application/octet-stream'
  return {
    path: `/assets/${name}.${hash}.${extension}`,
    body: body as Uint8Array<ArrayBuffer>,
    type,
  }
}

/** The same for a file of this machine, which is read anew each time: some are tens of megabytes. */
export async function hashedFile(
  file: string,
  name: string = basename(file, extname(file)),
): Promise<{ path: string } & Asset> {
  const bytes = await readFile(file)
  const named = hashedName(name, extname(file).slice(1), bytes)
  // Not `Readable.toWeb()`: it goes on with a stream that was cancelled, as when a tab is closed in
  // the midst of a download, and what it throws then ends the process (nodejs/node#64529).
  const body = () => ReadableStream.from<Uint8Array>(createReadStream(file))
  return { ...named, body, bytes: bytes.byteLength }
}
