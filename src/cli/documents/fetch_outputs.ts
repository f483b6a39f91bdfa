/**
 * What was read of a document, from the coordinator to its files: each is whole or not there.
 *
 * @module
 */
import { dirname, join } from 'node:path'
import { ENDINGS } from '../../client/job_facts.ts'
import type { JobDocument, JobOutput } from '../../client/job_types.ts'
import { ShoalError } from '../../client/mod.ts'

/** Of one output; a long PDF over a slow network takes its time. */
const MOST_MS = 600_000

export interface Target {
  url: string
  key?: string
  folder: string
  /** What outputs of a document are called, but for their endings. */
  stemOf: ReadonlyMap<string, string>
}

/**
 * @param name of the document as it is called here
 * @returns names of what was written, from the folder
 * @throws ShoalError, and Error where it cannot be written; the reason of `signal`
 */
export async function fetchOutputs(
  { url, key, folder, stemOf }: Target,
  name: string,
  document: JobDocument,
  outputs: readonly JobOutput[],
  signal: AbortSignal,
): Promise<{ [output in JobOutput]?: string }> {
  const written: { [output in JobOutput]?: string } = {}
  for (const output of outputs) {
    const from = document.outputs[output]
    if (from === undefined) continue
    const to = stemOf.get(name)! + ENDINGS[output]
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` }
    const within = AbortSignal.any([signal, AbortSignal.timeout(MOST_MS)])
    const response = await fetch(`${url}${from}`, { headers, signal: within }).catch((cause) => {
      signal.throwIfAborted()
      throw brokeOff(to, cause)
    })
    if (!response.ok || response.body === null) {
      const { error, reason } = await response.json().catch(() => ({}))
      throw new ShoalError(response.status, reason ?? 'unreachable', `Cannot fetch ${to}: ${error}`)
    }
    await save(response.body, join(folder, to), signal)
    written[output] = to
  }
  return written
}

const brokeOff = (what: string, cause: unknown) =>
  new ShoalError(0, 'unreachable', `Cannot fetch ${what}: it broke off`, undefined, { cause })

async function save(body: ReadableStream<Uint8Array>, path: string, signal: AbortSignal) {
  const aside = `${path}.${crypto.randomUUID().slice(0, 8)}.part`
  try {
    await Deno.mkdir(dirname(path), { recursive: true })
    using file = await Deno.open(aside, { write: true, createNew: true })
    await body.pipeTo(file.writable)
    await Deno.rename(aside, path)
  } catch (cause) {
    await Deno.remove(aside).catch(() => {})
    signal.throwIfAborted()
    // What `fetch` says of a body that broke off; of a disk it says which error it was.
    if (cause instanceof TypeError) throw brokeOff(path, cause)
    throw new Error(`Cannot write ${path}: ${(cause as Error).message}`, { cause })
  }
}
