/**
 * Many nodes in one process, for `deno task bench dashboard`: real links to a real coordinator, but
 * no models; each batch takes as long as the variant's `referenceMs` says, times the node's own
 * speed. The process asks, too: so many queries a second.
 *
 * Arguments: URL of the coordinator, number of nodes, queries a second.
 * @module
 */
import { join as path } from 'node:path'
import { ROOT } from '../../cli/root.ts'
import { answerLines } from '../child.ts'
import { joinLink } from '../link_node.ts'
import { PIXEL } from '../overhead/padded_png.ts'
import { infer } from '../tools.ts'

const [url = '', count = '1', ratePerS = '1'] = Deno.args
const LINES = 7
/** Links that are opened at a time. */
const AT_ONCE = 50
/** Kinds of devices, as times of the reference. */
const SPEEDS = [0.35, 1, 1.8, 3]

type Tasks = Record<string, { next: string[]; variants: Record<string, { referenceMs: number }> }>
const tasks: Tasks =
  JSON.parse(await Deno.readTextFile(path(ROOT, 'profiles', 'ocr', 'pipeline.json'))).tasks

function join(index: number): Promise<void> {
  const speed = SPEEDS[index % SPEEDS.length]!
  let freeAtMs = 0
  const about = { nodeId: crypto.randomUUID(), name: `simulated-${index + 1}`, slots: 1 }
  return joinLink(url, about, ({ batch, items, task, variant }, send) => {
    const nowMs = performance.now()
    const computeMs = items.length * tasks[task]!.variants[variant]!.referenceMs * speed
    const queueMs = Math.max(0, freeAtMs - nowMs)
    freeAtMs = nowMs + queueMs + computeMs
    const [child] = tasks[task]!.next ?? []
    const cropsOf = (item: number) =>
      Array.from({ length: LINES }, (_, line) => ({
        meta: { box: [[0, 0], [1, 0], [1, 1], [0, 1]] },
        ...{ blob: item * LINES + line, key: `${batch}/${item}/${line}` },
      }))
    const blobs = child === undefined ? 0 : items.length * LINES
    setTimeout(() => {
      send({
        ...{ type: 'result', batch, queueMs, computeMs, elapsedMs: performance.now() - nowMs },
        items: items.map((_, item) => ({
          ...{ ok: true as const, fields: child === undefined ? { text: 'simulated' } : null },
          children: child === undefined ? {} : { [child]: cropsOf(item) },
        })),
      }, Array.from({ length: blobs }, () => new Uint8Array(4)))
    }, queueMs + computeMs)
  })
}

for (let i = 0; i < Number(count); i += AT_ONCE) {
  const size = Math.min(AT_ONCE, Number(count) - i)
  await Promise.all(Array.from({ length: size }, (_, j) => join(i + j)))
}
setInterval(() => {
  void infer(url, 'ocr', PIXEL, { type: 'image/png' }).then(({ body }) => body?.cancel()).catch(
    () => {},
  )
}, 1000 / Number(ratePerS))
await answerLines(null)
