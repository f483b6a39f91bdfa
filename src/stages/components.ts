/**
 * Connected regions of a probability map.
 *
 * @module
 */
import type { Point } from './box.ts'

/** One region: for each of its rows the first and the last column. Enough for its convex hull. */
export interface Component {
  top: number
  /** `left[i]` and `right[i]` (inclusive) of row `top + i`. */
  left: number[]
  right: number[]
  pixels: number
}

/**
 * Regions where `map` (row-major, `width` x `height`) exceeds `threshold`, joined over sides and
 * corners, in the order of their first pixel.
 *
 * Works on runs of pixels, row by row, with a union-find: no stack, no second picture.
 */
export function components(
  map: Float32Array,
  width: number,
  height: number,
  threshold: number,
): Component[] {
  const parent: number[] = []
  const runs: { y: number; x0: number; x1: number }[] = []
  const find = (i: number): number => {
    while (parent[i] !== i) {
      parent[i] = parent[parent[i]!]!
      i = parent[i]!
    }
    return i
  }
  let above = 0
  let aboveEnd = 0
  for (let y = 0; y < height; y++) {
    const first = runs.length
    const row = y * width
    let x = 0
    while (x < width) {
      if (!(map[row + x]! > threshold)) {
        x++
        continue
      }
      const x0 = x
      while (x < width && map[row + x]! > threshold) x++
      const x1 = x - 1
      const id = runs.length
      runs.push({ y, x0, x1 })
      parent.push(id)
      while (above < aboveEnd && runs[above]!.x1 < x0 - 1) above++
      for (let k = above; k < aboveEnd && runs[k]!.x0 <= x1 + 1; k++) {
        const a = find(k)
        const b = find(id)
        if (a < b) parent[b] = a
        else parent[a] = b
      }
    }
    above = first
    aboveEnd = runs.length
  }
  const byRoot = new Map<number, Component>()
  runs.forEach(({ y, x0, x1 }, i) => {
    const root = find(i)
    let component = byRoot.get(root)
    if (component === undefined) {
      component = { top: y, left: [], right: [], pixels: 0 }
      byRoot.set(root, component)
    }
    const at = y - component.top
    const left = component.left[at]
    // Runs come row by row, so a row is either new or widened.
    component.left[at] = left === undefined ? x0 : Math.min(left, x0)
    component.right[at] = Math.max(component.right[at] ?? x1, x1)
    component.pixels += x1 - x0 + 1
  })
  return [...byRoot.values()]
}

/** Points whose hull is the region's: ends of each row, moved outwards by `outset` pixels. */
export function outline(component: Component, outset: number): Point[] {
  const points: Point[] = []
  component.left.forEach((left, i) => {
    const right = component.right[i]!
    const y = component.top + i + 0.5
    for (const dy of outset === 0 ? [0] : [-outset, outset]) {
      points.push([left + 0.5 - outset, y + dy], [right + 0.5 + outset, y + dy])
    }
  })
  return points
}
