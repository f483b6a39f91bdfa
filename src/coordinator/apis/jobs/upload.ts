/**
 * Files in the body of a request, as a form: written to disk as they come, never whole in memory.
 *
 * @module
 */
import { open, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Busboy, type BusboyInstance } from '@fastify/busboy'
import { ApiError } from '../../core/api_error.ts'
import type { Holder } from '../../core/shares.ts'
import type { Folder } from '../../jobs/folder.ts'
import type { UploadedFile } from '../../jobs/job.ts'
import { JOBS } from '../../jobs/params.ts'

export interface Form {
  fields: Map<string, string[]>
  files: UploadedFile[]
}

const MAX_FIELDS = 64
const MAX_FIELD_BYTES = 65_536
const MAX_NAME = 200
/** Chunks are of a few kilobytes: each write of its own would take longer than all that is in it. */
const WRITE_BYTES = 256 * 1024

const bad = (message: string) => new ApiError('invalid_input', message)

/**
 * @param owner whom its bytes count for
 * @param signal ends it
 * @throws ApiError; then nothing is left of it on disk
 */
export async function receiveForm(
  request: Request,
  folder: Folder,
  owner: Holder,
  signal: AbortSignal,
): Promise<Form> {
  const form: Form = { fields: new Map(), files: [] }
  if (request.body === null) throw bad('Cannot read the form: it is empty')
  const stop = new AbortController()
  let [jobBytes, countedBytes] = [0, 0]
  const pace = setInterval(() => {
    if (jobBytes - countedBytes < JOBS.uploadStepBytes) {
      const what = `${jobBytes - countedBytes} bytes came within ${JOBS.uploadStepMs / 1000} s`
      stop.abort(new ApiError('deadline_exceeded', `Cannot read the form: ${what}`))
    }
    countedBytes = jobBytes
  }, JOBS.uploadStepMs)
  const writes: Promise<void>[] = []
  const ended = AbortSignal.any([stop.signal, signal])
  const fail = (error: unknown) => stop.abort(error)

  async function keep(file: UploadedFile, stream: Readable): Promise<void> {
    const handle = await open(file.path, 'w', 0o600)
    let rest: Uint8Array[] = []
    let restBytes = 0
    const write = async () => {
      await handle.writev(rest)
      rest = []
      restBytes = 0
    }
    try {
      for await (const chunk of stream) {
        const bytes = chunk as Uint8Array
        if (file.bytes + bytes.byteLength > JOBS.fileBytes) throw fileTooLarge(file.name)
        if (jobBytes + bytes.byteLength > JOBS.jobBytes) throw jobTooLarge()
        folder.hold(bytes.byteLength, owner)
        file.bytes += bytes.byteLength
        jobBytes += bytes.byteLength
        rest.push(bytes)
        restBytes += bytes.byteLength
        if (restBytes >= WRITE_BYTES) await write()
      }
      if (restBytes > 0) await write()
      await handle.sync()
    } finally {
      await handle.close()
    }
  }

  try {
    const temporaries = await folder.temporary()
    const parser = parserOf(request)
    parser.on('field', (name, value, nameCut, valueCut) => {
      if (nameCut || valueCut) return fail(bad(`Cannot read field ${shown(name)}: it is too long`))
      form.fields.set(name, [...form.fields.get(name) ?? [], value])
    })
    parser.on('file', (field, stream, name) => {
      // An error that nobody hears would end the coordinator.
      stream.on('error', () => {})
      // What has begun is being removed.
      if (ended.aborted) return void stream.destroy()
      const path = `${temporaries}-${form.files.length}`
      const file = { field, name: cleanName(name), bytes: 0, path, owner }
      form.files.push(file)
      // Whatever ends the form ends its files: the parser leaves them open.
      const end = () => stream.destroy(new Error('it broke off'))
      ended.addEventListener('abort', end)
      const write = keep(file, stream as Readable)
      writes.push(write)
      write.catch(fail)
    })
    parser.on('filesLimit', () => fail(tooManyFiles()))
    parser.on('fieldsLimit', () => fail(bad(`Cannot read the form: over ${MAX_FIELDS} fields`)))
    await pipeline(
      Readable.fromWeb(request.body as never),
      parser,
      { signal: ended },
    )
    clearInterval(pace)
    await Promise.all(writes)
    stop.signal.throwIfAborted()
    return form
  } catch (error) {
    stop.abort(error)
    await Promise.allSettled(writes)
    await dropForm(form, folder)
    if (stop.signal.aborted && stop.signal.reason instanceof ApiError) throw stop.signal.reason
    if (error instanceof ApiError) throw error
    if (signal.aborted) throw new ApiError('draining', 'Cannot take files: shutting down')
    throw bad(`Cannot read the form: ${(error as Error).message}`)
  } finally {
    clearInterval(pace)
  }
}

/** Of one whose files nobody takes; those that were moved away are left. */
export async function dropForm({ files }: Pick<Form, 'files'>, folder: Folder): Promise<void> {
  for (const { path, bytes, owner } of files) {
    await rm(path).then(() => folder.take(-bytes, owner), () => {})
  }
}

function parserOf(request: Request): BusboyInstance {
  try {
    return new Busboy({
      headers: { 'content-type': request.headers.get('content-type') ?? '' },
      preservePath: true,
      limits: { files: JOBS.documents, fields: MAX_FIELDS, fieldSize: MAX_FIELD_BYTES },
    })
  } catch (error) {
    throw bad(`Cannot read the form: ${(error as Error).message}`)
  }
}

/**
 * As it may be in an archive: a path below where that is unpacked, without what could be no name.
 *
 * @param name as whoever sent it has it
 */
export function cleanName(name: string | undefined): string {
  // Cut first: what is left of a part then may be one of those that could be no name.
  const parts = (name ?? '').slice(-MAX_NAME).split(/[\\/]/)
    // deno-lint-ignore no-control-regex
    .map((part) => part.replaceAll(/[\u0000-\u001f\u007f<>:"|?*]/g, '').trim())
    .filter((part) => part !== '' && part !== '.' && part !== '..')
  return parts.join('/') || 'document'
}

const shown = (text: string) => text.slice(0, 40)

export const fileTooLarge = (name: string): ApiError =>
  new ApiError('too_large', `Cannot take ${name}: a file has at most ${JOBS.fileBytes} bytes`)
export const jobTooLarge = (): ApiError =>
  new ApiError('too_large', `Cannot take the job: its files have at most ${JOBS.jobBytes} bytes`)
export const tooManyFiles = (): ApiError =>
  new ApiError('too_large', `Cannot take the job: it has at most ${JOBS.documents} files`)
