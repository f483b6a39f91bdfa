/**
 * Whose turn it is: how many items of a task each group has had, against its share by the mix. Without
 * it whoever is idle takes what comes, and a slot that the mix means for one item of ten does half of
 * them.
 *
 * @module
 */
import type { Group } from '../pool/slots.ts'
import type { TaskShape } from '../shape.ts'
import type { Mix } from './mix.ts'

export interface Turns {
  /** A new mix is in force. */
  adopt(mix: Mix): void
  /** The group was given items of the task. */
  charge(task: TaskShape, group: Group, items: number): void
  /**
   * Whether the group has had more than its share, and is to leave items to others. The more accurate
   * may have more than that, as long as no queue is to be worked off.
   */
  isAhead(task: TaskShape, group: Group): boolean
  /** Whether it has had more than its share, and one that is to do better has had less. */
  isAheadOfBetter(task: TaskShape, group: Group): boolean
  /** Whether it has had less. */
  isBehind(task: TaskShape, group: Group): boolean
}

/** What was had, or missed, beyond so many items is forgotten. */
const MOST_ITEMS = 64
/** Of accuracy: less is no difference. */
const LEAST_BETTER = 1e-6

/** Of one task by one mix, by position of the group. */
interface Part {
  shares: number[]
  /** Mean accuracy of what the group is to do; 0 where that is nothing. */
  accuracies: number[]
}

export function createTurns(): Turns {
  let mix: Mix | undefined
  let parts: (Part | undefined)[] = []
  /** By index of the task, by key of the group: items that it is behind its share. */
  const behind: (Map<string, number> | undefined)[] = []

  function partOf({ index: task, variants }: TaskShape): Part {
    let part = parts[task]
    if (part === undefined) {
      const { groups, items } = mix!
      const counts = groups.map((_, g) =>
        variants.reduce((sum, { index }) => sum + items[index]![g]!, 0)
      )
      const all = counts.reduce((sum, count) => sum + count, 0)
      parts[task] = part = {
        shares: counts.map((count) => all > 0 ? count / all : 0),
        accuracies: counts.map((count, g) =>
          count > 0
            ? variants.reduce((sum, { index, accuracy }) => sum + items[index]![g]! * accuracy, 0) /
              count
            : 0
        ),
      }
    }
    return part
  }

  /** Whether one that is behind its share is to do as well as this group, or clearly better. */
  function isAnyBehind(task: TaskShape, key: string, better: boolean): boolean {
    const own = behind[task.index]!
    const { groups } = mix!
    const { accuracies } = partOf(task)
    const least = (accuracies[groups.indexOf(key)] ?? 0) + (better ? LEAST_BETTER : 0)
    return groups.some((other, g) => (own.get(other) ?? 0) > 0 && accuracies[g]! >= least)
  }

  const hasHadMore = (task: TaskShape, key: string) => (behind[task.index]?.get(key) ?? 0) < 0

  return {
    adopt(next) {
      mix = next
      parts = []
      for (const own of behind) {
        for (const key of own?.keys() ?? []) if (!next.groups.includes(key)) own!.delete(key)
      }
    },
    charge(task, group, items) {
      if (mix === undefined) return
      const own = behind[task.index] ??= new Map()
      const { shares } = partOf(task)
      // Alone it has its share, however much that is.
      if (shares[0] === 1 && mix.groups[0] === group.key) return
      mix.groups.forEach((key, g) => {
        const next = (own.get(key) ?? 0) + shares[g]! * items - (key === group.key ? items : 0)
        own.set(key, Math.min(Math.max(next, -MOST_ITEMS), MOST_ITEMS))
      })
    },
    isBehind: (task, { key }) => (behind[task.index]?.get(key) ?? 0) > 0,
    isAhead: (task, { key }) =>
      mix !== undefined && hasHadMore(task, key) && (mix.drains || isAnyBehind(task, key, false)),
    isAheadOfBetter: (task, { key }) =>
      mix !== undefined && hasHadMore(task, key) && isAnyBehind(task, key, true),
  }
}
