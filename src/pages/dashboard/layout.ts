/**
 * Where each part of the plan's picture goes, in pixels of text of the usual size.
 *
 * @module
 */
import type { Box, Flows } from './flows.ts'

/** A variant with all of the work is so much higher than one with none. */
const FULL = 132
const LEAST = 34
const GAP = 8
const TITLE = 30
/** Between tasks of one depth. */
const APART = 18
const NARROWEST_GAP = 44

export interface PlacedBox extends Box {
  key: string
  x: number
  y: number
  width: number
  height: number
  /** 0 for the most accurate of its task, 1 for the least. */
  rank: number
}

export interface Layout {
  width: number
  height: number
  titles: { task: string; x: number; y: number; width: number }[]
  boxes: PlacedBox[]
  /** Bands from box to box: where they leave, where they arrive, how thick. */
  bands: { from: PlacedBox; to: PlacedBox; y1: number; y2: number; thick: number }[]
}

export function layOut({ stages, flows }: Flows, available: number): Layout {
  const columns = Math.max(...stages.map(({ depth }) => depth)) + 1
  const gaps = columns - 1
  // Deep pipelines on narrow screens are scrolled, not squeezed.
  const least = columns * 118 + gaps * NARROWEST_GAP
  const width = Math.max(available, least)
  const boxWidth = Math.min(240, Math.max(118, (width - gaps * NARROWEST_GAP) / (columns + gaps)))
  const step = gaps === 0 ? 0 : (width - boxWidth) / gaps

  const titles: Layout['titles'] = []
  const boxes = new Map<string, PlacedBox>()
  const bottoms = new Array<number>(columns).fill(0)
  for (const { task, depth, boxes: inside } of stages) {
    const x = depth * step
    let y = bottoms[depth]! + (bottoms[depth]! > 0 ? APART : 0)
    titles.push({ task, x, y, width: depth === gaps ? boxWidth : step - GAP })
    y += TITLE
    inside.forEach((box, i) => {
      const height = LEAST + FULL * box.share
      const key = `${task} ${box.variant}`
      const rank = inside.length < 2 ? 0 : i / (inside.length - 1)
      boxes.set(key, { ...box, key, x, y, width: boxWidth, height, rank })
      y += height + GAP
    })
    bottoms[depth] = y - GAP
  }
  return {
    width,
    height: Math.max(...bottoms),
    titles,
    boxes: [...boxes.values()],
    bands: bandsOf(flows, boxes),
  }
}

/** Bands leave and arrive in the order of what they join, so that none crosses without need. */
function bandsOf(flows: Flows['flows'], boxes: ReadonlyMap<string, PlacedBox>): Layout['bands'] {
  const used = new Map<string, number>()
  const take = (side: string, box: PlacedBox, thick: number, whole: number): number => {
    const key = `${side} ${box.key}`
    const before = used.get(key) ?? 0
    used.set(key, before + thick)
    return box.y + (box.height - whole) / 2 + before
  }
  const ends = flows
    .map((flow) => ({
      share: flow.share,
      from: boxes.get(flow.from.join(' '))!,
      to: boxes.get(flow.to.join(' '))!,
      side: `out ${flow.to[0]}`,
    }))
    .sort((a, b) => a.from.y - b.from.y || a.to.y - b.to.y)
  const whole = (box: PlacedBox) => FULL * box.share
  return ends.map(({ share, from, to, side }) => {
    const thick = FULL * share
    return {
      from,
      to,
      thick,
      y1: take(side, from, thick, whole(from)),
      y2: take('in', to, thick, whole(to)),
    }
  })
}
