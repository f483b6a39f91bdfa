/** Jobs on a real coordinator, with a pipeline of pages whose node a test writes. */
import { type Coordinator, startCoordinator } from '../../../src/cli/serve/coordinator.ts'
import type { JobInfo } from '../../../src/client/mod.ts'
import { JOBS } from '../../../src/coordinator/jobs/params.ts'
import { checkPipeline } from '../../../src/pipeline/parse.ts'
import {
  type Batch,
  type Behaviour,
  joinScripted,
  type ScriptedNode,
  untilReady,
} from '../fixture.ts'

/** open > read; one page each. */
export const documents = checkPipeline({
  schema: 'shoal-pipeline/1',
  name: 'documents',
  sloMs: 5000,
  root: 'open',
  tasks: {
    open: {
      next: ['read'],
      variants: { only: { accuracy: 1, fanOut: { read: 4 }, referenceMs: 1 } },
    },
    read: { variants: { only: { accuracy: 0.9, referenceMs: 10 } } },
  },
  output: {
    pages: { each: 'read', with: ['index', 'width', 'height', 'turn', 'source', 'blocks'] },
  },
}, 'fixture')

/** The same, under another name and with other outputs: its queries are pictures. */
export const plain = checkPipeline({
  ...documents,
  name: 'plain',
  output: { words: { each: 'read', with: ['blocks'] } },
}, 'fixture')

const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes)

export type ReadPage = (word: string) => 'bad' | 'broken' | undefined

/** Pages of a part as the pipeline answers; pages called `bad` are at fault, those called `broken` fail. */
export const reads = (
  page: ReadPage = (word) => word === 'bad' || word === 'broken' ? word : undefined,
): Behaviour =>
({ message, blobs }: Batch) => {
  const bytesOf = (i: number) => {
    const { payload } = message.items[i]!
    return 'blob' in payload ? blobs[payload.blob] : undefined
  }
  if (message.task === 'open') {
    const out: Uint8Array[] = []
    return {
      items: message.items.map((_, i) => {
        const bytes = bytesOf(i)!
        const lines = bytes[0] === 0x89 ? ['page picture'] : text(bytes).split('\n')
        const read = lines.map((line, index) => {
          out.push(new TextEncoder().encode(line))
          return { meta: { index }, blob: out.length - 1 }
        })
        return { ok: true as const, fields: null, children: { read } }
      }),
      blobs: out,
    }
  }
  return {
    items: message.items.map((_, i) => {
      const word = text(bytesOf(i)).slice('page '.length)
      const fault = page(word)
      if (fault === 'bad') return { ok: false, reason: 'invalid_input', message: 'a bad page' }
      if (fault === 'broken') return { ok: false, reason: 'internal', message: 'it broke' }
      const line = { text: word, confidence: 1, box: [[0, 0], [1, 0], [1, 1], [0, 1]] }
      const area = { left: 0, top: 0, right: 1, bottom: 1 }
      const blocks = [{ kind: 'text', area, lines: [line] }]
      const fields = { width: 1, height: 1, turn: 0, source: 'read', blocks }
      return { ok: true as const, fields, children: {} }
    }),
  }
}

export const createDocuments = () =>
  new Worker(new URL('./pictures_worker.ts', import.meta.url), { type: 'module' })

type Options = Partial<Parameters<typeof startCoordinator>[0]>

export function startJobs(options: Options = {}): Coordinator {
  return startCoordinator({
    pipelines: [documents, plain].map((pipeline) => ({ dir: '', pipeline, models: {} })),
    port: 0,
    ...options,
    jobs: { createDocuments, ...options.jobs },
  })
}

/** With a node, unless it is said what to do before one joins. */
export async function withJobs(
  test: (coordinator: Coordinator, node: ScriptedNode) => Promise<void>,
  options: Options = {},
  behave: Behaviour = reads(),
) {
  const coordinator = startJobs(options)
  try {
    const node = await joinScripted(coordinator, 'one', behave)
    await untilReady(coordinator)
    await test(coordinator, node)
  } finally {
    await coordinator.close(1000)
  }
}

/** A document of these pages. */
export const pagesOf = (words: readonly string[]): string =>
  words.map((word) => `page ${word}`).join('\n')

export const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `p${i}`)

export type Sent = Record<string, string | Uint8Array<ArrayBuffer>>

export function send(
  { url }: Coordinator,
  files: Sent,
  fields: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<Response> {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  for (const [name, bytes] of Object.entries(files)) form.append('files', new Blob([bytes]), name)
  return fetch(`${url}/v1/jobs`, { method: 'POST', body: form, headers })
}

export async function create(
  coordinator: Coordinator,
  files: Sent,
  fields: Record<string, string> = {},
): Promise<JobInfo> {
  const response = await send(coordinator, files, fields)
  const body = await response.json()
  if (response.status !== 202) throw new Error(`${response.status} ${JSON.stringify(body)}`)
  return body
}

export const get = <T = JobInfo>({ url }: Coordinator, path: string): Promise<T> =>
  fetch(`${url}${path}`).then((response) => response.json())

/** Resolves with the job once it has ended. */
export async function ended(coordinator: Coordinator, id: string): Promise<JobInfo> {
  const response = await fetch(`${coordinator.url}/v1/jobs/${id}/events`)
  await response.text()
  return await get(coordinator, `/v1/jobs/${id}`)
}

/** With other bounds than usual, as long as the test runs. */
export async function withBounds(bounds: Partial<typeof JOBS>, test: () => Promise<void>) {
  const before = { ...JOBS }
  Object.assign(JOBS, bounds)
  try {
    await test()
  } finally {
    Object.assign(JOBS, before)
  }
}
