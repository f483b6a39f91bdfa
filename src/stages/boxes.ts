/**
 * From what detectors give to boxes: the common ways to write them down, and picking the best of
 * those that overlap.
 *
 * @module
 */
import type { Tensor } from './types.ts'

/** In pixels of the model's input. */
export interface Found {
  x0: number
  y0: number
  x1: number
  y1: number
  score: number
  /** Position among the classes. */
  kind: number
}

/**
 * - `yolo`: one output `[N, 4 + classes, boxes]`, rows of centre x, centre y, width, height, then a
 *   score for each class (YOLOv8 and later).
 * - `yolo-objectness`: one output `[N, boxes, 5 + classes]`, columns as above with the chance that
 *   there is anything before the scores (YOLOv5, YOLOX).
 * - `corners`: one output `[N, boxes, 6]`: left, top, right, bottom, score, class (models with their
 *   own suppression, YOLOv10).
 * - `boxes-scores`: two outputs, `[N, boxes, 4]` as corners and `[N, boxes, classes]`.
 * - `detr`: two outputs, logits `[N, boxes, classes]`, each class for itself (RT-DETR, D-FINE), or
 *   `[N, boxes, classes + 1]`, of which the last says that there is nothing (DETR, YOLOS); and `[N,
 *   boxes, 4]`, centre x, centre y, width, height.
 */
export const BOX_FORMATS = ['yolo', 'yolo-objectness', 'corners', 'boxes-scores', 'detr'] as const
export type BoxFormat = typeof BOX_FORMATS[number]

/** Whether boxes of this format are shares of the input's size unless the file says otherwise. */
export const inShares = (format: BoxFormat) => format === 'detr'

/** For each output that holds boxes, the first ones of a model, the shapes that will do; -1 is any size. */
export const boxShapes = (format: BoxFormat, classes: number): number[][][] => ({
  'yolo': [[[-1, 4 + classes, -1]]],
  'yolo-objectness': [[[-1, -1, 5 + classes]]],
  'corners': [[[-1, -1, 6]]],
  'boxes-scores': [[[-1, -1, 4]], [[-1, -1, classes]]],
  'detr': [[[-1, -1, classes], [-1, -1, classes + 1]], [[-1, -1, 4]]],
}[format])

export interface Reading {
  format: BoxFormat
  /** How many classes there are. */
  classes: number
  /** Least score of a box. */
  threshold: number
}

/**
 * Boxes of each item of a batch whose score is enough, in no order.
 *
 * @throws TypeError naming the shape expected and found
 */
export function readBoxes(outputs: readonly Tensor[], batch: number, reading: Reading): Found[][] {
  const { format, classes } = reading
  const [first, second] = outputs
  const wanted = {
    'yolo': `one output float32 [${batch}, ${4 + classes}, boxes]`,
    'yolo-objectness': `one output float32 [${batch}, boxes, ${5 + classes}]`,
    'corners': `one output float32 [${batch}, boxes, 6]`,
    'boxes-scores':
      `two outputs float32 [${batch}, boxes, 4] and float32 [${batch}, boxes, ${classes}]`,
    'detr': `two outputs float32 [${batch}, boxes, ${classes} or ${
      classes + 1
    }] and float32 [${batch}, boxes, 4]`,
  }[format]
  const refuse = (): never => {
    const found = outputs.map(({ type, dims }) => `${type} [${dims.join(', ')}]`).join(' and ')
    throw new TypeError(`Cannot read boxes as ${format}: expected ${wanted}, found ${found}`)
  }
  const read = (tensor: Tensor | undefined, at: 1 | 2, size: number) => {
    const { dims, data } = tensor ?? refuse()
    const right = dims.length === 3 && dims[0] === batch && dims[at] === size
    if (!right || !(data instanceof Float32Array)) return refuse()
    return { data, boxes: dims[3 - at]! }
  }
  if (format === 'yolo') {
    const { data, boxes } = read(first, 1, 4 + classes)
    return each(batch, (n) => {
      const start = n * (4 + classes) * boxes
      // Scores lie in rows: the value of a box is one row on from the last.
      return centred(data, boxes, (i) => start + i, boxes, 4, undefined, reading)
    })
  }
  if (format === 'yolo-objectness') {
    const { data, boxes } = read(first, 2, 5 + classes)
    return each(batch, (n) => {
      const at = (i: number) => (n * boxes + i) * (5 + classes)
      return centred(data, boxes, at, 1, 5, 4, reading)
    })
  }
  if (format === 'detr') {
    const size = first?.dims[2] === classes ? classes : classes + 1
    const logits = read(first, 2, size)
    const { data, boxes } = read(second, 2, 4)
    if (logits.boxes !== boxes) return refuse()
    return each(batch, (n) => {
      const own = logits.data.subarray(n * boxes * size, (n + 1) * boxes * size)
      return ofLogits(own, size, data.subarray(n * boxes * 4, (n + 1) * boxes * 4), reading)
    })
  }
  const { data, boxes } = read(first, 2, format === 'corners' ? 6 : 4)
  const scores = format === 'corners' ? undefined : read(second, 2, classes)
  if (scores !== undefined && scores.boxes !== boxes) return refuse()
  return each(batch, (n) => {
    const found: Found[] = []
    for (let i = 0; i < boxes; i++) {
      const row = n * boxes + i
      const at = row * (scores === undefined ? 6 : 4)
      const [score, kind] = scores === undefined
        ? [data[at + 4]!, Math.round(data[at + 5]!)]
        : bestOf(scores.data, row * classes, 1, classes)
      if (!(score >= reading.threshold) || kind < 0 || kind >= classes) continue
      found.push({
        x0: data[at]!,
        y0: data[at + 1]!,
        x1: data[at + 2]!,
        y1: data[at + 3]!,
        score,
        kind,
      })
    }
    return found
  })
}

const each = <T>(count: number, make: (n: number) => T): T[] =>
  Array.from({ length: count }, (_, n) => make(n))

/** @param step from one value of a box to its next */
function centred(
  data: Float32Array,
  boxes: number,
  at: (box: number) => number,
  step: number,
  firstScore: number,
  objectness: number | undefined,
  { threshold, classes }: Reading,
): Found[] {
  const found: Found[] = []
  for (let i = 0; i < boxes; i++) {
    const from = at(i)
    const any = objectness === undefined ? 1 : data[from + objectness * step]!
    if (!(any >= threshold)) continue
    const [best, kind] = bestOf(data, from + firstScore * step, step, classes)
    const score = any * best
    if (!(score >= threshold)) continue
    found.push({ ...cornersOf(data, from, step), score, kind })
  }
  return found
}

/** @param step from one value of a box to its next */
function cornersOf(data: Float32Array, from: number, step: number) {
  const [cx, cy] = [data[from]!, data[from + step]!]
  const [width, height] = [data[from + 2 * step]!, data[from + 3 * step]!]
  return { x0: cx - width / 2, y0: cy - height / 2, x1: cx + width / 2, y1: cy + height / 2 }
}

/** Of one picture: `size` logits for each box, one more than there are classes where one is nothing. */
function ofLogits(
  logits: Float32Array,
  size: number,
  boxes: Float32Array,
  { threshold, classes }: Reading,
): Found[] {
  const found: Found[] = []
  for (let i = 0; i < boxes.length / 4; i++) {
    const [best, kind] = bestOf(logits, i * size, 1, classes)
    const score = size === classes
      ? 1 / (1 + Math.exp(-best))
      : shareOf(best, logits.subarray(i * size, (i + 1) * size))
    if (score >= threshold) found.push({ ...cornersOf(boxes, 4 * i, 1), score, kind })
  }
  return found
}

/** What one of these logits has of all: softmax. */
function shareOf(one: number, all: Float32Array): number {
  let sum = 0
  for (const other of all) sum += Math.exp(other - one)
  return 1 / sum
}

function bestOf(
  data: Float32Array,
  from: number,
  step: number,
  classes: number,
): [score: number, kind: number] {
  let kind = 0
  for (let k = 1; k < classes; k++) {
    if (data[from + k * step]! > data[from + kind * step]!) kind = k
  }
  return [data[from + kind * step]!, kind]
}

/**
 * The best of boxes that overlap (greedy non-maximum suppression), best first.
 *
 * @param overlap most intersection over union of two that both stay
 * @param apart whether boxes of different classes leave each other alone
 */
export function suppress(
  found: readonly Found[],
  { overlap, apart, most }: { overlap: number; apart: boolean; most: number },
): Found[] {
  const kept: Found[] = []
  for (const one of [...found].sort((a, b) => b.score - a.score)) {
    if (kept.length >= most) break
    const taken = kept.some((other) =>
      (!apart || other.kind === one.kind) && overlapOf(one, other) > overlap
    )
    if (!taken) kept.push(one)
  }
  return kept
}

/** Intersection over union. */
export function overlapOf(a: Omit<Found, 'score' | 'kind'>, b: Omit<Found, 'score' | 'kind'>) {
  const width = Math.min(a.x1, b.x1) - Math.max(a.x0, b.x0)
  const height = Math.min(a.y1, b.y1) - Math.max(a.y0, b.y0)
  if (width <= 0 || height <= 0) return 0
  const shared = width * height
  const area = (box: typeof a) => (box.x1 - box.x0) * (box.y1 - box.y0)
  return shared / (area(a) + area(b) - shared)
}
