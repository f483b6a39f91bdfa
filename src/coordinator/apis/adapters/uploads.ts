/**
 * Documents that were uploaded to this coordinator before the call that reads them. No URL is
 * fetched: a URL of this coordinator names a file, another one is refused.
 *
 * @module
 */
import type { Context, Hono } from 'hono'
import { ApiError } from '../../core/api_error.ts'
import { hostOf, isOwnHost } from '../../http/origin.ts'
import type { OcrQuery } from './ocr_query.ts'
import type { FileUrl } from './schemas.ts'

/** Most bytes of an upload that is read while its caller waits; larger ones are for jobs. */
const MAX_UPLOAD_BYTES = 64 * 1024 * 1024

/** Files of `/v1/files`; a caller sees files that were uploaded with its key. */
export interface Uploads {
  has(c: Context, id: string): boolean
  /**
   * Reads a file, whose bytes count as a body under way before they are read and until `work` is
   * done.
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

/** The path of a file's bytes. */
const CONTENT = /^\/v1\/files\/([^/]{1,200})\/content$/

/**
 * `GET /v1/files/{id}/url`: the URL by which calls name a file. It does not expire, since opening
 * it takes the key.
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

/** @throws ApiError where the file is unknown or elsewhere, or there is no room for it */
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
  { url: text, param }: { url: string; param: string },
  hosts: readonly string[],
): string {
  const url = URL.parse(text)
  const [, id] = url !== null && isHere(c, url, hosts) ? CONTENT.exec(url.pathname) ?? [] : []
  try {
    if (id !== undefined) return decodeURIComponent(id)
  } catch {
    // The error is thrown below.
  }
  throw new ApiError(
    'invalid_input',
    'Cannot use a document by its address: nothing is fetched from elsewhere: send a data: URI in ' +
      'base64, or upload the file to /v1/files',
    undefined,
    param,
  )
}

/** Whether a URL has the host of the call, or another name of this coordinator. */
function isHere(c: Context, { protocol, host, port }: URL, hosts: readonly string[]): boolean {
  if (protocol !== 'http:' && protocol !== 'https:') return false
  const own = hostOf(c.req)
  return host === own || isOwnHost(host, hosts) && port === URL.parse(`http://${own}`)?.port
}
