/** A made-up pipeline whose true results are known, and nodes that say something else. @module */
import { checkPipeline } from '../../pipeline/parse.ts'
import type { Pipeline } from '../../pipeline/schema.ts'
import type { TrustOptions } from '../../policy/core/options.ts'
import type { Handle, ItemOutcome, VariantRef } from '../../policy/core/types.ts'
import { createRandom, type Random, seedFor } from '../../sim/random.ts'
import { agree, faultOf } from '../../stages/agreement/agreement.ts'
import { toleranceOf } from '../../stages/agreement/tolerance.ts'
import type { ItemResult, JsonObject } from '../../stages/types.ts'

export const LINES = 4

const fanOut = { read: LINES }

export const pipeline: Pipeline = checkPipeline({
  ...{ schema: 'shoal-pipeline/1', name: 'pages', sloMs: 4000, root: 'detect' },
  tasks: {
    detect: {
      ...{ kind: 'text-detection', next: ['read'] },
      variants: {
        small: { accuracy: 0.8, referenceMs: 40, fanOut },
        large: { accuracy: 0.95, referenceMs: 120, fanOut },
      },
    },
    read: {
      kind: 'text-recognition',
      variants: {
        small: { accuracy: 0.85, referenceMs: 15 },
        large: { accuracy: 0.97, referenceMs: 40 },
      },
    },
  },
}, 'pages.json')

interface Crop {
  meta: JsonObject
  bytes: Uint8Array
  /** Of the page, and of the line on it. */
  id: string
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz '
const textOf = (random: Random, length: number) =>
  Array.from({ length }, () => LETTERS[Math.floor(random() * LETTERS.length)]).join('')

/** What is true of an item; a payload is the name of a page, or a crop of it. */
export function truthOf(payload: Handle, ref: VariantRef): ItemOutcome {
  if (ref.task === 'detect') {
    const random = createRandom(seedFor(1, String(payload)))
    const lines = Array.from({ length: LINES }, (_, i): Crop => {
      const left = Math.round(20 + 200 * random())
      const top = Math.round(40 + 60 * i + 10 * random())
      const shade = Math.floor(200 * random())
      return {
        id: `${payload}/${i}`,
        meta: {
          ...{ format: 'rgb', width: 8, height: 4 },
          box: [[left, top], [left + 8, top], [left + 8, top + 4], [left, top + 4]],
        },
        bytes: new Uint8Array(96).map((_, k) => (shade + 7 * k) % 256),
      }
    })
    const result = { width: 800, height: 600, lines: LINES }
    return { ok: true, result, children: { read: lines } }
  }
  const random = createRandom(seedFor(2, (payload as Crop).id))
  const text = textOf(random, 10 + Math.floor(30 * random()))
  return { ok: true, result: { text, confidence: 0.6 + 0.39 * random() }, children: {} }
}

type Served = Extract<ItemOutcome, { ok: true }>
type Says = (truth: ItemOutcome, payload: Handle, ref: VariantRef, nowMs: number) => ItemOutcome

/** Its results, changed; child items keep what they are of, so that a later answer can be judged. */
function changed(truth: ItemOutcome, fields: JsonObject, move = 0): ItemOutcome {
  const { result, children } = truth as Served
  const moved: Record<string, Crop[]> = {}
  for (const [task, items] of Object.entries(children as Record<string, Crop[]>)) {
    moved[task] = items.map((item) => {
      const box = (item.meta['box'] as number[][]).map(([x, y]) => [x! + move, y!])
      return { ...item, meta: { ...item.meta, box } }
    })
  }
  return { ok: true, result: { ...result as JsonObject, ...fields }, children: moved }
}

const isLeaf = (ref: VariantRef) => ref.task === 'read'
/** So many results ago. */
const YESTERDAY = 20

/** Lies that a node can tell, each made anew for a node. */
export const LIES: { readonly [name: string]: (random: Random) => Says } = {
  'garbage': (random) => (truth, _, ref) =>
    isLeaf(ref)
      ? { ok: true, result: { text: textOf(random, 12), confidence: random() }, children: {} }
      : changed(truth, {}, 120 * random() + 30),
  'NaN': () => (truth, _, ref) =>
    isLeaf(ref) ? changed(truth, { confidence: null }) : changed(truth, {}, NaN),
  'nothing found': () => (truth, _, ref) =>
    isLeaf(ref) ? { ok: true, result: null, children: {} } : {
      ok: true,
      result: { ...(truth as Served).result as JsonObject, lines: 0 },
      children: { read: [] },
    },
  "yesterday's answer": () => {
    const before = new Map<string, ItemOutcome[]>()
    return (truth, _, ref) => {
      const list = before.get(ref.task) ?? []
      before.set(ref.task, list)
      list.push(truth)
      return list.length > YESTERDAY ? list.shift()! : list[0]!
    }
  },
  "another input's answer": () => {
    const last = new Map<string, ItemOutcome>()
    return (truth, _, ref) => {
      const other = last.get(ref.task) ?? truth
      last.set(ref.task, truth)
      return other
    }
  },
  'subtly wrong numbers': () => (truth, _, ref) => {
    if (!isLeaf(ref)) return changed(truth, {}, 9)
    const confidence = Number(((truth as Served).result as JsonObject)['confidence'])
    return changed(truth, { confidence: Math.min(1, confidence * 1.08) })
  },
  'one letter wrong': () => (truth, _, ref) => {
    if (!isLeaf(ref)) return truth
    const text = String(((truth as Served).result as JsonObject)['text'])
    const at = Math.floor(text.length / 2)
    return changed(truth, {
      text: text.slice(0, at) + (text[at] === 'x' ? 'y' : 'x') + text.slice(at + 1),
    })
  },
  'garbage, one time in ten': (random) => {
    const garbage = LIES['garbage']!(random)
    return (truth, payload, ref, nowMs) =>
      random() < 0.1 ? garbage(truth, payload, ref, nowMs) : truth
  },
}

const resultOf = (outcome: ItemOutcome): ItemResult =>
  outcome.ok
    ? {
      ok: true,
      fields: outcome.result as JsonObject,
      children: outcome.children as Record<string, Crop[]>,
    }
    : { ok: false, reason: 'internal', message: outcome.message }

/** Compares as the coordinator does. */
export const comparing: Pick<TrustOptions, 'agree' | 'differ' | 'faultOf'> = {
  agree: ({ task }, a, b) =>
    agree(
      pipeline.tasks[task]!,
      resultOf(a.outcome),
      resultOf(b.outcome),
      toleranceOf(a.backend, b.backend),
    ),
  differ: (ref, { outcome: a }, { outcome: b }) =>
    !comparing.agree(ref, { outcome: a, backend: 'a' }, { outcome: b, backend: 'b' }),
  faultOf: ({ task }, outcome) => faultOf(pipeline.tasks[task]!, resultOf(outcome)),
}
