/**
 * Sends documents to a coordinator, as a form that is read from disk while it is sent.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import type { JobOutput } from '../../client/job_types.ts'
import { JOBS_PATH, type WholeJob } from '../../client/job_facts.ts'
import { ShoalError } from '../../client/mod.ts'
import type { OpenJob } from './state.ts'
import type { Found } from './walk.ts'

/** That a coordinator may take for a piece of the form, and at the end for its answer. */
const SILENT_MS = 120_000

export interface HandIn {
  url: string
  pipeline: string
  outputs: JobOutput[]
  by?: Date
  key?: string
}

/**
 * @param sent told how many bytes of documents are sent
 * @throws ShoalError; the reason of `signal`, where that aborts
 */
export async function handIn(
  { url, pipeline, outputs, by, key }: HandIn,
  batch: readonly Found[],
  sent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<{ job: WholeJob; open: OpenJob }> {
  const boundary = `shoal-${crypto.randomUUID()}`
  const stop = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const heard = () => {
    clearTimeout(timer)
    timer = setTimeout(() => stop.abort(silent(url)), SILENT_MS)
  }
  const documents: OpenJob['documents'] = []
  /** What a file could not be read for: `fetch` says of it but that the form broke off. */
  let fault: Error | undefined
  async function* form(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const fields = { pipeline, output: outputs.join(','), ...by && { by: by.toISOString() } }
    for (const [name, value] of Object.entries(fields)) {
      yield bytesOf(`--${boundary}\r\n${disposition(name)}\r\n\r\n${value}\r\n`)
    }
    for (const { name, path, bytes, mtimeMs } of batch) {
      yield bytesOf(`--${boundary}\r\n${disposition('files', name)}\r\n${TYPE}\r\n\r\n`)
      const hash = createHash('sha256')
      try {
        using file = await Deno.open(path)
        for await (const chunk of file.readable) {
          heard()
          hash.update(chunk)
          yield chunk
          sent(chunk.byteLength)
        }
      } catch (error) {
        throw fault = new Error(`Cannot read ${path}: ${(error as Error).message}`)
      }
      documents.push({ name, bytes, mtimeMs, sha256: hash.digest('hex') })
      yield bytesOf('\r\n')
    }
    yield bytesOf(`--${boundary}--\r\n`)
  }
  heard()
  try {
    const response = await fetch(`${url}${JOBS_PATH}`, {
      method: 'POST',
      headers: {
        'content-type': `multipart/form-data; boundary=${boundary}`,
        ...key && { authorization: `Bearer ${key}` },
      },
      body: ReadableStream.from(form()),
      signal: AbortSignal.any([signal, stop.signal]),
    })
    const answer = await response.json()
    if (!response.ok) throw new ShoalError(response.status, answer.reason, answer.error)
    return { job: answer, open: { id: answer.id, url, outputs, documents } }
  } catch (cause) {
    signal.throwIfAborted()
    if (stop.signal.aborted) throw stop.signal.reason
    if (fault !== undefined) throw fault
    if (cause instanceof ShoalError) throw cause
    const why = `Cannot send documents to ${url}: it broke off`
    throw new ShoalError(0, 'unreachable', why, undefined, { cause })
  } finally {
    clearTimeout(timer)
  }
}

const TYPE = 'content-type: application/octet-stream'
const bytesOf = (text: string) => new TextEncoder().encode(text)

/** Quoted as browsers do. */
function disposition(field: string, name?: string): string {
  const file = name === undefined
    ? ''
    : `; filename="${name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A')}"`
  return `content-disposition: form-data; name="${field}"${file}`
}

const silent = (url: string) =>
  new ShoalError(
    0,
    'unreachable',
    `Cannot send documents to ${url}: it took nothing for ${SILENT_MS / 1000} s`,
  )
