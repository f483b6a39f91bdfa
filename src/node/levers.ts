/**
 * What the coordinator has in use of what this node lends. A link begins with all slots and all of the
 * time that are lent.
 *
 * @module
 */
import type { NodeMessage, Scale } from '../protocol/messages.ts'
import { workingShare } from '../protocol/duty.ts'
import type { Grower } from './backend/grow.ts'
import { type InUse, type Wish, within } from './limits/in_use.ts'
import type { SlotPool } from './slot/pool.ts'
import type { Watch } from './state.ts'

export interface LeverParts {
  watch: Watch
  /** To begin with. */
  duty: number
  /** The volunteer's limits as of now. */
  limit(): InUse
  /** Threads of a run as they are. */
  threads(): number
  /** Gives each run so many threads, where that can be done as things are. */
  useThreads(count: number): Promise<void>
  /** Asked at each use: they come into being together. */
  pool(): SlotPool
  grower(): Grower
  send(message: NodeMessage): void
}

export interface Levers {
  readonly inUse: InUse
  /** Share of the time that batches may take, 0..1. */
  readonly share: number
  /** Told by the coordinator: answered with `scaled` when it is done. */
  scale(wish: Scale): Promise<void>
  /** There are more slots, or fewer: told, unless `scale` is about to. */
  grown(): void
  /** A new link: all slots and all of the time that are lent are in use again. */
  reset(): void
}

export function createLevers(parts: LeverParts): Levers {
  const { watch, limit, threads, pool, grower, send } = parts
  let { duty } = parts
  /** What is not done yet. A later wish changes what it names. */
  let pending: Wish = {}
  let turn = 0
  /** All that was wished for. */
  let isDone = true
  /** One change of threads after another: each is a new worker in every slot. */
  let moving = Promise.resolve()

  let resting = false
  const inUse = (): InUse => ({
    slots: resting ? 0 : pool().serving.length,
    ...{ duty, threads: threads() },
  })

  function setDuty(to: number): void {
    duty = to
    pool().all.forEach((slot) => slot.recount())
  }

  const setThreads = (isWished: () => boolean) =>
    moving = moving.then(async () => {
      const next = within(pending, inUse(), limit()).threads
      if (isWished() && next !== threads()) await parts.useThreads(next)
    })

  /** What is there serves at once. With none in use all stays as it is: what comes is served. */
  function setSlots(count: number): Promise<void> {
    resting = count === 0
    return resting ? Promise.resolve() : pool().use(Math.min(count, pool().kept))
  }

  function tell(): void {
    const now = inUse()
    send({ type: 'scaled', ...now })
    watch.emit({ type: 'scaled', ...now }, { inUse: now })
  }

  return {
    get inUse() {
      return inUse()
    },
    get share() {
      return workingShare(duty)
    },
    async scale(wish) {
      pending = {
        slots: wish.slots ?? pending.slots,
        duty: wish.duty ?? pending.duty,
        threads: wish.threads ?? pending.threads,
      }
      const { slots } = pending
      const mine = ++turn
      isDone = false
      const isWished = () => mine === turn
      const wished = () => within(pending, inUse(), limit())
      setDuty(wished().duty)
      let parked = slots === undefined ? Promise.resolve() : setSlots(wished().slots)
      if (wished().threads !== inUse().threads) await setThreads(isWished)
      // How many slots there may be goes by the threads of each.
      if (isWished() && slots !== undefined) {
        const count = wished().slots
        parked = setSlots(count)
        if (count > pool().kept) await grower().growTo(count, isWished)
      }
      await parked
      grower().unparked()
      if (!isWished()) return
      pending = {}
      isDone = true
      tell()
    },
    grown() {
      if (isDone) tell()
    },
    reset() {
      turn++
      pending = {}
      isDone = true
      resting = false
      setDuty(limit().duty)
      grower().interrupt()
      void pool().use(pool().kept)
      grower().unparked()
    },
  }
}
