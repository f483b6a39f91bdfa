import { cornersOf, type TextBox } from './box.ts'

/** Mean of `map` (row-major, `width` x `height`) over the pixels whose centres lie in the box. */
export function boxScore(map: Float32Array, width: number, height: number, box: TextBox): number {
  const corners = cornersOf(box)
  const ys = corners.map((c) => c[1])
  const top = Math.max(0, Math.floor(Math.min(...ys)))
  const bottom = Math.min(height - 1, Math.ceil(Math.max(...ys)))
  let sum = 0
  let count = 0
  for (let y = top; y <= bottom; y++) {
    // A convex shape meets a row in one interval: between the crossings of its edges.
    const at = y + 0.5
    let from = Infinity
    let to = -Infinity
    for (let i = 0; i < 4; i++) {
      const [x0, y0] = corners[i]!
      const [x1, y1] = corners[(i + 1) % 4]!
      if ((y0 <= at) === (y1 <= at)) continue
      const x = x0 + (at - y0) / (y1 - y0) * (x1 - x0)
      if (x < from) from = x
      if (x > to) to = x
    }
    const first = Math.max(0, Math.ceil(from - 0.5))
    const last = Math.min(width - 1, Math.floor(to - 0.5))
    for (let x = first; x <= last; x++) sum += map[y * width + x]!
    if (last >= first) count += last - first + 1
  }
  return count === 0 ? 0 : sum / count
}
