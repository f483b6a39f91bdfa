/** A pipeline as `ocr` is made, and a node that finds as many lines as a picture's width says. */
import type { Coordinator } from '../../src/cli/serve/coordinator.ts'
import { checkPipeline } from '../../src/pipeline/parse.ts'
import {
  type Behaviour,
  joinScripted,
  PIXEL_PNG,
  untilReady,
  withCoordinator,
} from '../coordinator/fixture.ts'

export const pages = checkPipeline({
  schema: 'shoal-pipeline/1',
  name: 'pages',
  sloMs: 5000,
  root: 'find',
  tasks: {
    find: {
      next: ['read'],
      variants: { only: { accuracy: 0.9, fanOut: { read: 2 }, referenceMs: 2 } },
    },
    read: { variants: { plain: { accuracy: 0.8, referenceMs: 1 } } },
  },
  output: { lines: { each: 'read', with: ['text', 'confidence', 'box'] } },
}, 'fixture')

/** The last byte of a PNG's width. */
const WIDTH_AT = 19

/** The picture in which that many lines are found: one pixel wider than there are. */
export function picture(lines: number): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(PIXEL_PNG)
  bytes[WIDTH_AT] = lines + 1
  return bytes
}

export const linesOf = (picture: Uint8Array | undefined): number =>
  picture === undefined ? 0 : picture[WIDTH_AT]! - 1

export const boxOf = (line: number) => [[line, 0], [line + 1, 0], [line + 1, 1], [line, 1]]

/** Line i of a picture of n lines reads `n.i`, with accents, and has the confidence 1/(i+1). */
export const textOf = (lines: number, line: number) => `${lines}.${line} é`

const reader: Behaviour = ({ message, blobs }) => {
  if (message.task === 'read') {
    return {
      items: message.items.map(({ payload }) => {
        const [lines = 0, line = 0] = 'blob' in payload ? blobs[payload.blob] ?? [] : []
        const fields = { text: textOf(lines, line), confidence: 1 / (line + 1) }
        return { ok: true, fields, children: {} }
      }),
    }
  }
  const crops: Uint8Array[] = []
  const items = message.items.map(({ payload }) => {
    const lines = 'blob' in payload ? linesOf(blobs[payload.blob]) : 0
    const read = Array.from({ length: lines }, (_, line) => ({
      meta: { box: boxOf(line) },
      blob: crops.push(new Uint8Array([lines, line])) - 1,
    }))
    return { ok: true as const, fields: null, children: { read } }
  })
  return { items, blobs: crops }
}

export const withPages = (
  test: (coordinator: Coordinator, models: string) => Promise<void>,
  behave: Behaviour = reader,
) =>
  withCoordinator(
    async (coordinator) => {
      await joinScripted(coordinator, 'one', behave)
      await untilReady(coordinator)
      await test(coordinator, `${coordinator.url}/v2/models`)
    },
    undefined,
    { pipelines: [{ dir: '', pipeline: pages, models: {} }] },
  )
