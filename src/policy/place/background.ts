/**
 * Background loads: the further loads of a slot that already serves every task accurately and quickly. A
 * machine makes one at a time and begins none while it runs a batch or has just run one. For a small
 * share of its time it loads beside batches too, so that a machine with constant work holds all in the end.
 *
 * @module
 */
import type { PoolNode, Slot } from '../state/node.ts'
import type { Pool } from '../state/pool.ts'
import { load } from './params.ts'

export class Background {
  /** By machine: its background load; and from when it may make one beside batches. */
  private running = new Map<string, { slot: Slot; beganMs: number }>()
  private restsUntilMs = new Map<string, number>()
  /** Nodes with a load held back; `lookMs` is when to check them again. */
  private held = new Set<PoolNode>()
  private lookMs = Infinity

  constructor(private readonly pool: Pick<Pool, 'warm' | 'has' | 'lastBatchMs'>) {}

  /** Whether the slot's next load may begin now; if not, it is checked again soon. */
  may(slot: Slot, nowMs: number): boolean {
    if (!isBackground(slot, nowMs)) return true
    const { node, node: { machine } } = slot
    if (
      !this.isLoading(machine) && (this.isQuiet(machine, nowMs) || this.restIsOver(machine, nowMs))
    ) {
      this.running.set(machine, { slot, beganMs: nowMs })
      return true
    }
    this.held.add(node)
    this.lookMs = Math.min(this.lookMs, nowMs + load.quietMs)
    return false
  }

  /** Whether a load of this node is held back. */
  holds(node: PoolNode): boolean {
    return this.held.has(node)
  }

  ended(slot: Slot, nowMs: number): void {
    const { machine } = slot.node
    const running = this.running.get(machine)
    if (running?.slot !== slot) return
    this.running.delete(machine)
    const restMs = (1 / load.shareBeside - 1) * (nowMs - running.beganMs)
    this.restsUntilMs.set(machine, nowMs + restMs)
  }

  left({ machine }: PoolNode): void {
    if (this.onMachine(machine).length === 0) this.restsUntilMs.delete(machine)
  }

  /** When to `take` the nodes held back; Infinity if there are none. */
  atMs(): number {
    return this.lookMs
  }

  take(): PoolNode[] {
    const held = [...this.held].filter((node) => this.pool.warm.get(node.id) === node)
    this.held.clear()
    this.lookMs = Infinity
    return held
  }

  private isLoading(machine: string): boolean {
    const slot = this.running.get(machine)?.slot
    return slot !== undefined && slot.loading !== null && this.pool.has(slot)
  }

  private onMachine(machine: string): PoolNode[] {
    const alone = this.pool.warm.get(machine)
    if (alone !== undefined && alone.machine === machine) return [alone]
    return [...this.pool.warm.values()].filter((node) => node.machine === machine)
  }

  private isQuiet(machine: string, nowMs: number): boolean {
    return this.onMachine(machine).every((node) =>
      nowMs - this.pool.lastBatchMs(node, nowMs) >= load.quietMs
    )
  }

  private restIsOver(machine: string, nowMs: number): boolean {
    return (this.restsUntilMs.get(machine) ?? nowMs) <= nowMs
  }
}

/**
 * Whether the slot's next load is a background load: the slot holds a variant of the task, and the load is
 * not one of the task's first two in loading order (the most wanted and the quickest). If slots cannot
 * hold all variants, no load is: the placement planned each for the demand.
 */
function isBackground({ node, wanted, held, failures }: Slot, nowMs: number): boolean {
  if (!node.fitsAll) return false
  const next = wanted.find((variant) =>
    !held.has(variant) && (failures.get(variant)?.retryAtMs ?? 0) <= nowMs
  )
  if (next === undefined) return false
  const ofTask = wanted.filter(({ task }) => task === next.task)
  return ofTask.indexOf(next) >= 2 && ofTask.some((variant) => held.has(variant))
}
