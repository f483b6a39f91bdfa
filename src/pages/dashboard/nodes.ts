/**
 * What the page knows of each node: from events at once, from `/v1/nodes` now and then.
 *
 * @module
 */
import type { NodeInfo, NodesEvent, WorkEvent } from '../../client/types.ts'

export interface NodeRow {
  id: string
  name: string
  state: string
  class: string
  pausedBy: string | null
  /** Of all items in the last few seconds, 0..1, null until it is told; and items a second. */
  share: number | null
  itemsPerS: number
  /** Null until it was asked for. */
  info: NodeInfo | null
}

export interface Nodes {
  readonly rows: ReadonlyMap<string, NodeRow>
  /** Forgets all: the stream begins anew and tells of each node again. */
  clear(): void
  change(event: NodesEvent): void
  work(event: WorkEvent): void
  details(nodes: readonly NodeInfo[]): void
  /** Whether there is one that nothing is known of but its name. */
  wantsDetails(): boolean
}

export function createNodes(): Nodes {
  const rows = new Map<string, NodeRow>()
  /** Of a node that nothing was told of: none, once shares were told. */
  let unsaid: number | null = null
  return {
    rows,
    clear() {
      rows.clear()
      unsaid = null
    },
    change({ nodes }) {
      for (const { id, name, change, state, class: kind, pausedBy } of nodes) {
        if (change === 'left') {
          rows.delete(id)
          continue
        }
        const known = rows.get(id)
        rows.set(id, {
          id,
          name,
          pausedBy,
          state: state ?? 'standby',
          class: kind ?? 'new',
          share: known?.share ?? unsaid,
          itemsPerS: known?.itemsPerS ?? 0,
          info: known?.info ?? null,
        })
      }
    },
    work({ passedMs, items }) {
      unsaid = 0
      const total = Object.values(items).reduce((sum, count) => sum + count, 0)
      for (const row of rows.values()) {
        const count = items[row.id] ?? 0
        row.share = total === 0 ? 0 : count / total
        row.itemsPerS = count * 1000 / passedMs
      }
    },
    details(nodes) {
      for (const info of nodes) {
        const row = rows.get(info.id)
        if (row !== undefined) row.info = info
      }
    },
    wantsDetails: () => [...rows.values()].some(({ info }) => info === null),
  }
}

/** Numbers in names count as such. */
export const byName = new Intl.Collator('en', { numeric: true })

/** As `Class 3`; a node that was not measured yet is in none. */
export const classLabel = (name: string): string =>
  name === 'new' ? 'Not measured yet' : `Class ${name.replace(/^class-/, '')}`

const PAUSES: Record<string, string> = {
  volunteer: 'paused by its volunteer',
  hours: 'paused: outside its hours',
  battery: 'paused: on battery',
  hidden: 'paused: its tab is not in view',
  pressure: 'paused: its device is busy',
  coordinator: 'paused from here',
}

/** In words, the state first. */
export function healthOf({ state, pausedBy, info }: NodeRow): string {
  const parts = [
    state === 'paused' ? PAUSES[pausedBy ?? ''] ?? 'set aside: not heard of, or paused' : state,
  ]
  if (info !== null) {
    const { trust, trustReason, progress, fallbacks, cold } = info
    if (state === 'quarantined' && trustReason !== null) parts.push(trustReason)
    else if (trust < 1) parts.push(`${Math.round(100 * (1 - trust))} % of its results checked`)
    if (progress !== null) {
      parts.push(`loading ${progress.label} ${Math.round(100 * progress.done / progress.total)} %`)
    }
    if (cold && info.instances === 0) parts.push('nothing is loaded there yet')
    if (fallbacks.length > 0) parts.push(`${fallbacks.length} variants off its GPU`)
  }
  return parts.join(', ')
}

/** What of the limits is in use, as `1 of 4 slots, 50 %`. */
export function useOf({ limit, inUse }: NodeInfo): string {
  const of = `${inUse.slots} of ${limit.slots} ${limit.slots === 1 ? 'slot' : 'slots'}`
  if (inUse.slots === 0) return of
  const threads = inUse.threads > 1 ? `, ${inUse.threads} threads` : ''
  return of + threads + (inUse.duty < 1 ? `, ${Math.round(100 * inUse.duty)} %` : '')
}
