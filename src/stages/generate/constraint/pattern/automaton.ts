/**
 * A pattern as states between characters, made of its parts.
 *
 * @module
 */
import { PATTERN } from '../limits.ts'
import { type Part, PatternError } from './parse.ts'
import { LAST, type Ranges } from './ranges.ts'

/** One state of many at a time. Each leads on by a character, or by none. */
export interface Node {
  ranges?: Ranges
  /** By a character of `ranges`; without it, by none. */
  to: number[]
  /** Only at this edge of the text. */
  edge?: 'start' | 'end'
}

export interface Automaton {
  nodes: Node[]
  first: number
  /** The text fits, whatever may follow. */
  last: number
}

const tooLarge = () =>
  new PatternError(
    `is of more than ${PATTERN.parts} parts when its repeats are written out: repeat less`,
  )

/** @throws PatternError where it would be too large */
export function automatonOf(part: Part): Automaton {
  const nodes: Node[] = []
  const add = (node: Node): number => {
    if (nodes.length >= PATTERN.parts) throw tooLarge()
    return nodes.push(node) - 1
  }

  // A part may be of nothing, and be repeated all the same.
  let built = 0
  /** @returns where it begins, if it goes on to `next` */
  function build(part: Part, next: number): number {
    if (++built > 2 * PATTERN.parts) throw tooLarge()
    switch (part.is) {
      case 'letters':
        return add({ ranges: part.ranges, to: [next] })
      case 'start':
      case 'end':
        return add({ edge: part.is, to: [next] })
      case 'row':
        return part.parts.reduceRight((to, one) => build(one, to), next)
      case 'either':
        return add({ to: part.parts.map((one) => build(one, next)) })
      case 'repeat': {
        const { part: one, min, max } = part
        let to = next
        if (max === Infinity) {
          const loop = add({ to: [next] })
          nodes[loop]!.to.push(build(one, loop))
          to = loop
        } else {
          for (let i = min; i < max; i++) to = add({ to: [next, build(one, to)] })
        }
        for (let i = 0; i < min; i++) to = build(one, to)
        return to
      }
    }
  }

  const any: Ranges = [[0, LAST]]
  const last = add({ to: [] })
  nodes[last] = { ranges: any, to: [last] }
  const begin = build(part, last)
  const skip = add({ ranges: any, to: [] })
  const first = add({ to: [begin, skip] })
  nodes[skip]!.to.push(first)
  return { nodes, first, last }
}
