/**
 * Background loads: those of a slot that can serve every task already, well and fast. A machine makes
 * one at a time, begins none while it runs a batch or has just run one, and for a small share of the
 * time goes on all the same, so that a machine that always has batches comes to hold everything, too.
 *
 * @module
 */
import type { NodeId } from '../core/types.ts'
import type { LoadingSlot } from './loader.ts'
import type { Member } from './member.ts'
import { load } from './params.ts'

export interface BackgroundParts {
  members: ReadonlyMap<NodeId, Member>
  /** When the node last had a batch: now, if one is there. */
  lastBatchMs(node: NodeId, nowMs: number): number
}

export class Background {
  /** By machine: the background load that it makes, and from when on it may make one beside batches. */
  private running = new Map<string, { slot: LoadingSlot; beganMs: number }>()
  private restsUntilMs = new Map<string, number>()
  /** What was not begun; looked at again at that time. */
  private held = new Set<Member>()
  private lookMs = Infinity

  constructor(private readonly parts: BackgroundParts) {}

  /** Whether the slot's next load may begin now; if not, it is looked at again soon. */
  may(member: Member, slot: LoadingSlot, nowMs: number): boolean {
    if (!isBackground(member, slot, nowMs)) return true
    const { machine } = member
    const isLoading = (this.running.get(machine)?.slot.loading ?? null) !== null
    if (!isLoading && (this.isQuiet(machine, nowMs) || this.restIsOver(machine, nowMs))) {
      this.running.set(machine, { slot, beganMs: nowMs })
      return true
    }
    this.held.add(member)
    this.lookMs = Math.min(this.lookMs, nowMs + load.quietMs)
    return false
  }

  /** Whether a load of this member was held back, and is looked at again with the others. */
  holds(member: Member): boolean {
    return this.held.has(member)
  }

  /** A load of this slot ended. */
  ended({ machine }: Member, slot: LoadingSlot, nowMs: number): void {
    const running = this.running.get(machine)
    if (running?.slot !== slot) return
    this.running.delete(machine)
    const restMs = (1 / load.shareBeside - 1) * (nowMs - running.beganMs)
    this.restsUntilMs.set(machine, nowMs + restMs)
  }

  left({ machine, slots }: Member): void {
    const running = this.running.get(machine)
    if (running !== undefined && slots.includes(running.slot)) this.running.delete(machine)
    if (this.onMachine(machine).length > 0) return
    this.restsUntilMs.delete(machine)
  }

  /** When to `take` what was held back; Infinity where nothing was. */
  atMs(): number {
    return this.lookMs
  }

  take(): Member[] {
    const held = [...this.held].filter((member) => this.parts.members.get(member.id) === member)
    this.held.clear()
    this.lookMs = Infinity
    return held
  }

  private onMachine(machine: string): Member[] {
    const alone = this.parts.members.get(machine)
    if (alone !== undefined && alone.machine === machine) return [alone]
    return [...this.parts.members.values()].filter((member) => member.machine === machine)
  }

  private isQuiet(machine: string, nowMs: number): boolean {
    return this.onMachine(machine).every(({ id }) =>
      nowMs - this.parts.lastBatchMs(id, nowMs) >= load.quietMs
    )
  }

  private restIsOver(machine: string, nowMs: number): boolean {
    return (this.restsUntilMs.get(machine) ?? nowMs) <= nowMs
  }
}

/**
 * Whether the slot can do without its next load: it holds a variant of the task, and this is neither
 * of the first two in the order of loading, which are the most wanted and the quickest. Where slots
 * cannot hold all, what they are to hold was planned for the demand, and waits for nothing.
 */
function isBackground({ fitsAll }: Member, { wanted, held, failures }: LoadingSlot, nowMs: number) {
  if (!fitsAll) return false
  const next = wanted.find((variant) =>
    !held.has(variant) && (failures.get(variant)?.retryAtMs ?? 0) <= nowMs
  )
  if (next === undefined) return false
  const ofTask = wanted.filter(({ task }) => task === next.task)
  return ofTask.indexOf(next) >= 2 && ofTask.some((variant) => held.has(variant))
}
