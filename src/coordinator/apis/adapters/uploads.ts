/**
 * Documents that were uploaded to this coordinator before they are asked about. Nothing is fetched: of
 * a URL it is looked whether it is one of here, and which file it means.
 *
 * @module
 */
import type { Context, Hono } from 'hono'
import { ApiError } from '../../core/api_error.ts'
import { hostOf, isOwnHost } from '../../http/origin.ts'
import type { OcrQuery } from './ocr_query.ts'
import type { FileUrl } from './schemas.ts'

/** Most bytes of an upload that is read while its caller waits; what is larger is for a job. */
const MAX_UPLOAD_BYTES = 64 * 1024 * 1024

/** Files of `/v1/files`; a caller has those that were uploaded with its key. */
export interface Uploads {
  has(c: Context, id: string): boolean
  /**
   * Reads a file, whose bytes count as a body under way before they are read and until `work` is done.
   *
   * @returns `undefined` where the caller has no such file
   * @throws ApiError `too_large`, or where there is no room for a body of its size
   */
  use<T>(
    c: Context,
    id: string,
    mostBytes: number,
    work: (bytes: Uint8Array) => T | Promise<T>,
  ): Promise<T | undefined>
}

/** Where the bytes of a file are. */
const CONTENT = /^\/v1\/files\/([^/]{1,200})\/content$/

/**
 * `GET /v1/files/{id}/url`: the URL by which calls name a file. Whoever opens it needs the key, so that
 * it does not expire.
 */
export function mountUrls(app: Hono, uploads: Uploads | undefined): void {
  app.get('/v1/files/:id/url', (c) => {
    const id = c.req.param('id')
    if (uploads?.has(c, id) !== true) throw notThere(id)
    const { protocol } = new URL(c.req.url)
    const url = `${protocol}//${hostOf(c.req)}/v1/files/${encodeURIComponent(id)}/content`
    return c.json<FileUrl>({ url })
  })
}

/** @throws ApiError where there is no such file, or it is not here, or there is no room for it */
export async function useUpload<T>(
  c: Context,
  upload: NonNullable<OcrQuery['upload']>,
  hosts: readonly string[],
  uploads: Uploads | undefined,
  work: (bytes: Uint8Array) => T | Promise<T>,
): Promise<T> {
  const id = 'id' in upload ? upload.id : idIn(c, upload, hosts)
  const done = await uploads?.use(c, id, MAX_UPLOAD_BYTES, work)
  if (done !== undefined) return done
  throw notThere(id, upload.param)
}

function notThere(id: string, param?: string): ApiError {
  const shown = JSON.stringify(id.slice(0, 200))
  const message = `Cannot find file ${shown}: upload it to /v1/files, or send a data: URI`
  return new ApiError('not_found', message, undefined, param)
}

function idIn(
  c: Context,
  { url: told, param }: { url: string; param: string },
  hosts: readonly string[],
): string {
  const url = URL.parse(told)
  const [, id] = url !== null && isHere(c, url, hosts) ? CONTENT.exec(url.pathname) ?? [] : []
  try {
    if (id !== undefined) return decodeURIComponent(id)
  } catch {
    // Said below.
  }
  throw new ApiError(
    'invalid_input',
    'Cannot use a document by its address: nothing is fetched from elsewhere: send a data: URI in ' +
      'base64, or upload the file to /v1/files',
    undefined,
    param,
  )
}

/** Under the name that the call came by, or another one of this machine. */
function isHere(c: Context, { protocol, host, port }: URL, hosts: readonly string[]): boolean {
  if (protocol !== 'http:' && protocol !== 'https:') return false
  const own = hostOf(c.req)
  return host === own || isOwnHost(host, hosts) && port === URL.parse(`http://${own}`)?.port
}
