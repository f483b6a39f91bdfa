/**
 * What the coordinator has in use of what this node lends. A link begins with all slots and all of the
 * time that are lent; of a node that is cold no slot is in use.
 *
 * @module
 */
import type { NodeMessage, Scale } from '../protocol/messages.ts'
import { workingShare } from '../protocol/duty.ts'
import type { Grower } from './backend/grow.ts'
import type { Moves } from './backend/moves.ts'
import { type InUse, type Wish, within } from './limits/in_use.ts'
import type { SlotPool } from './slot/pool.ts'
import type { Watch } from './state.ts'

export interface LeverParts {
  watch: Watch
  /** To begin with. */
  duty: number
  cold: boolean
  /** The volunteer's limits as of now, with so many threads a run. */
  limit(threads: number): InUse
  /** Threads of a run as they are. */
  threads(): number
  moves: Pick<Moves, 'isMixed' | 'useThreads'>
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
  /** A new link: all is as it begins. */
  reset(): void
}

export function createLevers(parts: LeverParts): Levers {
  const { watch, cold, limit, threads, moves, pool, grower, send } = parts
  let { duty } = parts
  /** What is not done yet. A later wish changes what it names. */
  let pending: Wish = {}
  let turn = 0
  /** All that was wished for. */
  let isDone = true
  /** One change of threads after another: each is a new worker in every slot. */
  let moving = Promise.resolve()
  /** Threads of a run once the change under way is over; 0 while there is none. */
  let towards = 0

  let resting = cold
  const inUse = (): InUse => ({
    slots: resting ? 0 : pool().serving.length,
    duty,
    threads: threads(),
  })

  function setDuty(to: number): void {
    duty = to
    pool().all.forEach((slot) => slot.recount())
  }

  const setThreads = (isWished: () => boolean) =>
    moving = moving.then(async () => {
      const { threads: count } = wished()
      if (!isWished() || count === threads() && !moves.isMixed) return
      towards = count
      try {
        await moves.useThreads(count)
      } finally {
        towards = 0
      }
    })

  /** What is pending, within the limits that there are with so many threads. */
  function wished(count = threads()): InUse {
    return within(pending, inUse(), limit(count))
  }

  /**
   * What is there serves at once. With none in use what comes is served as before, as far as the
   * limits allow with so many threads.
   */
  function setSlots(count: number, threads: number): Promise<void> {
    resting = count === 0
    const { serving, kept } = pool()
    const most = resting ? Math.min(serving.length, limit(threads).slots) : count
    return pool().use(Math.min(most, kept))
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
      const mine = ++turn
      isDone = false
      const isWished = () => mine === turn
      setDuty(wished().duty)
      // How many slots there may be goes by the threads of each.
      const next = wished().threads
      const widest = Math.max(next, towards)
      let parked = setSlots(wished(widest).slots, widest)
      if (next !== threads() || moves.isMixed || towards > 0) await setThreads(isWished)
      if (isWished()) {
        const { slots } = wished()
        parked = setSlots(slots, threads())
        if (slots > pool().kept) await grower().growTo(slots, isWished)
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
      const mine = ++turn
      pending = {}
      isDone = true
      resting = cold
      setDuty(limit(threads()).duty)
      grower().interrupt()
      const useAll = () =>
        pool().use(Math.min(limit(Math.max(threads(), towards)).slots, pool().kept))
      void useAll()
      if (towards > 0) void moving.then(() => mine === turn ? useAll() : undefined)
      grower().unparked()
    },
  }
}
