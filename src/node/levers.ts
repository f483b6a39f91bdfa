/**
 * What the coordinator has in use of what this node lends. A link begins with all slots and all of the
 * time that are lent.
 *
 * @module
 */
import type { NodeMessage, Scale } from '../protocol/messages.ts'
import { workingShare } from '../protocol/duty.ts'
import type { Grower } from './backend/grow.ts'
import type { HoldLimits } from './limits/hold_limits.ts'
import { type InUse, type Wish, within } from './limits/in_use.ts'
import type { SlotPool } from './slot/pool.ts'
import type { Watch } from './state.ts'

export interface LeverParts {
  watch: Watch
  /** To begin with. */
  duty: number
  holding: Pick<HoldLimits, 'lapse'>
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
  /** A new link: all slots and all of the time that are lent are in use again. */
  reset(): void
}

export function createLevers(parts: LeverParts): Levers {
  const { watch, holding, limit, threads, pool, grower, send } = parts
  let { duty } = parts
  /** What is not done yet. A later wish changes what it names. */
  let pending: Wish = {}
  let turn = 0
  /** One change of threads after another: each is a new worker in every slot. */
  let moving = Promise.resolve()

  const inUse = (): InUse => ({ slots: pool().serving.length, duty, threads: threads() })

  function setDuty(to: number): void {
    duty = to
    pool().serving.forEach((slot) => slot.recount())
  }

  const setThreads = (isWished: () => boolean) =>
    moving = moving.then(async () => {
      const next = within(pending, inUse(), limit()).threads
      if (isWished() && next !== threads()) await parts.useThreads(next)
    })

  async function setSlots(count: number, isWished: () => boolean): Promise<void> {
    grower().hold(true)
    const { serving, kept } = pool()
    if (count < serving.length) holding.lapse(count)
    await pool().use(Math.min(count, kept))
    if (isWished() && count > kept) await grower().growTo(count, isWished)
  }

  return {
    get inUse() {
      return inUse()
    },
    get share() {
      return workingShare(duty)
    },
    async scale(wish) {
      const { slots = pending.slots, duty = pending.duty, threads = pending.threads } = wish
      pending = { slots, duty, threads }
      const mine = ++turn
      const isWished = () => mine === turn
      const next = within(pending, inUse(), limit())
      setDuty(next.duty)
      if (next.threads !== inUse().threads) await setThreads(isWished)
      // How many slots there may be goes by the threads of each.
      if (isWished() && slots !== undefined) {
        await setSlots(within(pending, inUse(), limit()).slots, isWished)
      }
      if (!isWished()) return
      pending = {}
      const now = inUse()
      send({ type: 'scaled', ...now })
      const gone = (held: string) => parseInt(held) >= now.slots
      const ready = watch.state.ready.filter((held) => !gone(held))
      watch.emit({ type: 'scaled', ...now }, { inUse: now, ready })
    },
    reset() {
      turn++
      pending = {}
      setDuty(limit().duty)
      grower().hold(false)
      void pool().use(pool().kept)
    },
  }
}
