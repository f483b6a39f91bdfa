/** Pipelines `ocr` and `documents` on a scripted node, asked over HTTP. */
import type { Coordinator } from '../../src/cli/serve/coordinator.ts'
import { createKeyring } from '../../src/coordinator/core/keys.ts'
import { checkPipeline } from '../../src/pipeline/parse.ts'
import {
  type Behaviour,
  joinScripted,
  PIXEL_PNG,
  type ScriptedNode,
  untilReady,
  withCoordinator,
} from '../coordinator/fixture.ts'

const variants = { only: { accuracy: 0.9, referenceMs: 1 } }

export const OCR = checkPipeline({
  ...{ schema: 'shoal-pipeline/1', name: 'ocr', sloMs: 5000, root: 'detect' },
  tasks: {
    detect: {
      next: ['recognise'],
      variants: { only: { ...variants.only, fanOut: { recognise: 2 } } },
    },
    recognise: { variants },
  },
  output: { lines: { each: 'recognise', with: ['text', 'confidence', 'box'] } },
}, 'fixture')

/** Whose one task answers with pages, whatever it takes to have them. */
export const DOCUMENTS = checkPipeline({
  ...{ schema: 'shoal-pipeline/1', name: 'documents', sloMs: 7000, root: 'read' },
  tasks: { read: { variants } },
  output: { pages: { each: 'read', with: ['pages'], only: true } },
}, 'fixture')

export const TEXTS: [text: string, confidence: number, box: number[][]][] = [
  ['Total: *12* € ', 0.75, [[10, 20], [110, 22], [110, 42], [10, 40]]],
  ['1. Grüße | x', 0.5, [[10, 50.5], [90, 50.5], [90, 70], [10, 70]]],
]

/** Of as many pages as the bytes say behind `%PDF-`, each with its number in the whole. */
export const pdf = (count: number, first = 0): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(`%PDF-${first} ${count}`)

const pageOf = (index: number, number: number) => ({
  ...{ index, width: 600, height: 800.4, turn: 0, source: 'kept' },
  blocks: [
    {
      kind: 'text',
      area: { left: 1.5, top: 2, right: 30.2, bottom: 9 },
      lines: [{ text: `# page ${number}`, confidence: 1, box: TEXTS[0]![2] }],
    },
    {
      kind: 'table',
      area: { left: 0, top: 20, right: 60, bottom: 40 },
      rows: [['a', 'b'], ['1', '2|3']].map((row) =>
        row.map((text) => [{ text, confidence: 0.5, box: TEXTS[0]![2] }])
      ),
    },
  ],
})

/** Reads what `pdf` made, and on any picture both of the texts. */
export const reader: Behaviour = ({ message, blobs }) => {
  const items = message.items.map(({ payload }, i) => {
    const bytes = 'blob' in payload ? blobs[payload.blob]! : new Uint8Array()
    if (message.task === 'detect') {
      const recognise = TEXTS.map(([, , box], line) => ({ meta: { box }, blob: 2 * i + line }))
      return { ok: true as const, fields: null, children: { recognise } }
    }
    if (message.task === 'recognise') {
      const [text, confidence] = TEXTS[bytes[0]!]!
      return { ok: true as const, fields: { text, confidence }, children: {} }
    }
    const [, first = 0, count = 1] = /^%PDF-(\d+) (\d+)/.exec(new TextDecoder().decode(bytes)) ??
      []
    const pages = Array.from({ length: Number(count) }, (_, at) => pageOf(at, Number(first) + at))
    return { ok: true as const, fields: { pages }, children: {} }
  })
  const crops = message.items.flatMap(() => TEXTS.map((_, line) => new Uint8Array([line])))
  return message.task === 'detect' ? { items, blobs: crops } : { items }
}

export interface Scene {
  coordinator: Coordinator
  url: string
  node: ScriptedNode
}

export function withOcr(
  test: (scene: Scene) => Promise<void>,
  pipelines = [OCR, DOCUMENTS],
  options: Parameters<typeof withCoordinator>[2] = {},
  behave: Behaviour = reader,
  hello: Parameters<typeof joinScripted>[3] = {},
): Promise<void> {
  return withCoordinator(
    async (coordinator) => {
      const node = await joinScripted(coordinator, 'one', behave, hello)
      await untilReady(coordinator)
      await test({ coordinator, url: coordinator.url, node })
    },
    undefined,
    {
      ...CUTS,
      pipelines: pipelines.map((pipeline) => ({ dir: '', pipeline, models: {} })),
      ...options,
    },
  )
}

/** Has documents cut by the worker of tests. */
export const CUTS = {
  jobs: {
    createDocuments: () =>
      new Worker(new URL('./documents_worker.ts', import.meta.url), { type: 'module' }),
  },
}

export const dataUri = (bytes: Uint8Array, type: string): string =>
  `data:${type};base64,${bytes.toBase64()}`
export const PICTURE: string = dataUri(PIXEL_PNG, 'image/png')
export { createKeyring, PIXEL_PNG }
