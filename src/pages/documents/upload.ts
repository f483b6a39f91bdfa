/**
 * Files on their way to the coordinator: not by `fetch`, which does not tell how much is sent.
 *
 * @module
 */
import type { JobOutput } from '../../client/job_types.ts'
import { JOBS_PATH, type WholeJob } from '../../client/job_facts.ts'
import { ShoalError } from '../../client/mod.ts'
import type { ErrorBody } from '../../client/types.ts'
import type { Chosen } from './files.ts'

export interface HandIn {
  files: readonly Chosen[]
  pipeline: string
  outputs: readonly JobOutput[]
  by?: Date
}

/** @throws ShoalError where there is no job */
export function upload(
  { files, pipeline, outputs, by }: HandIn,
  key: string | undefined,
  signal: AbortSignal,
  sent: (ratio: number) => void,
): Promise<WholeJob> {
  const form = new FormData()
  // Fields first: what they ask for is known before files come.
  form.append('pipeline', pipeline)
  form.append('output', outputs.join(','))
  if (by !== undefined) form.append('by', by.toISOString())
  for (const { file, name } of files) form.append('files', file, name)
  const request = new XMLHttpRequest()
  request.open('POST', JOBS_PATH)
  if (key !== undefined) request.setRequestHeader('authorization', `Bearer ${key}`)
  request.upload.addEventListener('progress', ({ loaded, total }) => {
    if (total > 0) sent(loaded / total)
  })
  const stop = () => request.abort()
  signal.addEventListener('abort', stop)
  const broken = (message: string) => new ShoalError(0, 'unreachable', message)
  return new Promise<WholeJob>((resolve, reject) => {
    request.addEventListener('load', () => {
      const answer = parsed(request.responseText)
      if (request.status < 300 && answer !== undefined) return resolve(answer as WholeJob)
      const { error = `received status ${request.status}`, reason = 'unreachable' } =
        (answer ?? {}) as Partial<ErrorBody>
      reject(new ShoalError(request.status, reason, error))
    })
    request.addEventListener('error', () => reject(broken(BROKE_OFF)))
    request.addEventListener('abort', () => reject(broken('Stopped before all was sent.')))
    if (signal.aborted) return reject(broken('Stopped before all was sent.'))
    request.send(form)
  }).finally(() => signal.removeEventListener('abort', stop))
}

/** A browser does not say which: nobody answered, or a file was changed or removed meanwhile. */
const BROKE_OFF = 'Cannot send: the coordinator does not answer, or a file was changed meanwhile.'

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
