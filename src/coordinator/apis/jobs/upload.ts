/**
 * Files in the body of a request, as a form: written to disk as they come, never whole in memory.
 *
 * @module
 */
import { type FileHandle, open as openPath, rm } from 'node:fs/promises'
import { ApiError } from '../../core/api_error.ts'
import type { Holder } from '../../core/shares.ts'
import { createFormReader, type FormEvent } from '../../http/bodies/multipart.ts'
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
/** Chunks have a few kilobytes: single writes would take longer than their content is worth. */
const WRITE_BYTES = 256 * 1024

const bad = (message: string) => new ApiError('invalid_input', message)

/**
 * @param owner key or address that its bytes count for
 * @param signal ends it
 * @throws ApiError; then nothing is left of it on disk
 */
export async function receiveForm(
  request: Request,
  folder: Folder,
  owner: Holder,
  signal: AbortSignal,
): Promise<Form> {
  if (request.body === null) throw bad('Cannot read the form: it is empty')
  const reader = createFormReader(request.headers.get('content-type'))
  const form: Form = { fields: new Map(), files: [] }
  const parts = createParts(form, folder, owner)
  const body = request.body.getReader()
  const stop = new AbortController()
  const ended = AbortSignal.any([stop.signal, signal])
  ended.addEventListener('abort', () => void body.cancel().catch(() => {}))
  let countedBytes = 0
  const pace = setInterval(() => {
    const bytes = parts.fileBytes - countedBytes
    if (bytes < JOBS.uploadStepBytes) {
      const what = `${bytes} bytes came within ${JOBS.uploadStepMs / 1000} s`
      stop.abort(new ApiError('deadline_exceeded', `Cannot read the form: ${what}`))
    }
    countedBytes = parts.fileBytes
  }, JOBS.uploadStepMs)
  try {
    for (;;) {
      const { value } = await body.read()
      ended.throwIfAborted()
      if (value === undefined) break
      for (const event of reader.read(value)) await parts.take(event)
    }
    reader.end()
    return form
  } catch (error) {
    stop.abort(error)
    await parts.close()
    await dropForm(form, folder)
    if (error instanceof ApiError) throw error
    if (signal.aborted) throw new ApiError('draining', 'Cannot take files: shutting down')
    throw bad(`Cannot read the form: ${(error as Error).message}`)
  } finally {
    clearInterval(pace)
  }
}

interface OpenFile {
  file: UploadedFile
  handle: FileHandle
  /** Bytes that are not written yet. */
  waiting: Uint8Array[]
  waitingBytes: number
}

/** Puts the parts of a form where they belong: fields into memory, files on disk. */
function createParts(form: Form, folder: Folder, owner: Holder) {
  let field = { name: '', bytes: 0, text: '', decoder: new TextDecoder() }
  let fields = 0
  let fileBytes = 0
  let open: OpenFile | undefined

  async function openFile(field: string, name: string): Promise<void> {
    if (form.files.length === JOBS.documents) throw tooManyFiles()
    const path = await folder.temporary()
    const file = { field, name: cleanName(name), bytes: 0, path, owner }
    form.files.push(file)
    const handle = await openPath(path, 'w', 0o600)
    open = { file, handle, waiting: [], waitingBytes: 0 }
  }

  function openField(name: string): void {
    if (++fields > MAX_FIELDS) throw bad(`Cannot read the form: over ${MAX_FIELDS} fields`)
    field = { name, bytes: 0, text: '', decoder: new TextDecoder() }
  }

  async function write(open: OpenFile): Promise<void> {
    if (open.waitingBytes > 0) await open.handle.writev(open.waiting)
    open.waiting = []
    open.waitingBytes = 0
  }

  async function addToFile(open: OpenFile, bytes: Uint8Array): Promise<void> {
    const { file } = open
    if (file.bytes + bytes.byteLength > JOBS.fileBytes) throw fileTooLarge(file.name)
    if (fileBytes + bytes.byteLength > JOBS.jobBytes) throw jobTooLarge()
    folder.hold(bytes.byteLength, owner)
    file.bytes += bytes.byteLength
    fileBytes += bytes.byteLength
    open.waiting.push(bytes)
    open.waitingBytes += bytes.byteLength
    if (open.waitingBytes >= WRITE_BYTES) await write(open)
  }

  function addToField(bytes: Uint8Array): void {
    field.bytes += bytes.byteLength
    if (field.bytes > MAX_FIELD_BYTES) {
      throw bad(`Cannot read field ${field.name.slice(0, 40)}: it is too long`)
    }
    field.text += field.decoder.decode(bytes, { stream: true })
  }

  async function close(): Promise<void> {
    const { handle } = open ?? {}
    open = undefined
    await handle?.close()
  }

  async function endFile(open: OpenFile): Promise<void> {
    await write(open)
    await open.handle.sync()
    await close()
  }

  function endField({ name, text, decoder }: typeof field): void {
    form.fields.set(name, [...form.fields.get(name) ?? [], text + decoder.decode()])
  }

  return {
    get fileBytes() {
      return fileBytes
    },
    /** @throws ApiError */
    async take(event: FormEvent): Promise<void> {
      if (event.type === 'part') {
        const { name, fileName } = event.head
        if (fileName === undefined) openField(name)
        else await openFile(name, fileName)
      } else if (event.type === 'data') {
        if (open === undefined) addToField(event.bytes)
        else await addToFile(open, event.bytes)
      } else if (open === undefined) endField(field)
      else await endFile(open)
    },
    /** Closes a file that is not whole. */
    close,
  }
}

/** Removes the files of a form, but those that were moved away. */
export async function dropForm({ files }: Pick<Form, 'files'>, folder: Folder): Promise<void> {
  for (const { path, bytes, owner } of files) {
    await rm(path).then(() => folder.take(-bytes, owner), () => {})
  }
}

/**
 * A name for an archive: a path below the folder of unpacking, without characters that names cannot
 * have.
 *
 * @param name the sender's name
 */
export function cleanName(name: string | undefined): string {
  // The cut comes first: it may leave a part, as `..`, that has to be removed.
  const parts = (name ?? '').slice(-MAX_NAME).split(/[\\/]/)
    // deno-lint-ignore no-control-regex
    .map((part) => part.replaceAll(/[\u0000-\u001f\u007f<>:"|?*]/g, '').trim())
    .filter((part) => part !== '' && part !== '.' && part !== '..')
  return parts.join('/') || 'document'
}

export const fileTooLarge = (name: string): ApiError =>
  new ApiError('too_large', `Cannot take ${name}: a file has at most ${JOBS.fileBytes} bytes`)
export const jobTooLarge = (): ApiError =>
  new ApiError('too_large', `Cannot take the job: its files have at most ${JOBS.jobBytes} bytes`)
export const tooManyFiles = (): ApiError =>
  new ApiError('too_large', `Cannot take the job: it has at most ${JOBS.documents} files`)
