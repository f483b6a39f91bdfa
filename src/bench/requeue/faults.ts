/** Faults that befall nodes which are processes, and how each is mended. @module */
import { USUAL } from '../../cli/serve/serving.ts'
import { within } from '../../cli/within.ts'
import type { Counts } from '../tools.ts'
import type { LostItem } from './ledger.ts'
import { startLinkProxy } from '../chaos/proxy.ts'
import { type RequeueScene, SMALL, type Sufferer } from './scene.ts'

export interface Fault {
  name: string
  variants: readonly string[]
  options?: readonly string[]
  befall(node: Sufferer, hands: Hands): void | Promise<void>
  /** Ends the fault, where it does not end by itself. */
  mend?(node: Sufferer, hands: Hands): void | Promise<void>
  /** Whether the same node serves again. */
  comesBack: boolean
  /** So slow that it gets work only while the nodes beside it are held back. */
  slow?: boolean
}

interface Hands {
  scene: RequeueScene
  freeze(): void
}

/** What a laptop sleeps, on its own clock. */
const ASLEEP_MS = 10 * 60_000

const left = ({ pool }: RequeueScene, id: string) => pool.node(id) === undefined

export const FAULTS: readonly Fault[] = [
  {
    name: 'connection half-open',
    variants: USUAL,
    befall: (_, { freeze }) => freeze(),
    comesBack: true,
  },
  {
    name: 'laptop asleep for 10 minutes',
    variants: USUAL,
    befall: ({ child }) => child.kill('SIGSTOP'),
    // Its clock is told before it goes on: the sleep took place for it, and the link is long gone.
    async mend({ child, tell, id }, { scene }) {
      await scene.ledger.until(() => left(scene, id))
      await tell(`jump ${ASLEEP_MS}`)
      child.kill('SIGCONT')
    },
    comesBack: true,
  },
  {
    name: 'process killed (SIGKILL)',
    variants: USUAL,
    befall: ({ child }) => child.kill('SIGKILL'),
    comesBack: false,
  },
  {
    name: 'process stopped (SIGSTOP), goes on once requeued',
    variants: USUAL,
    befall: ({ child }) => child.kill('SIGSTOP'),
    mend: ({ child }) => child.kill('SIGCONT'),
    comesBack: true,
  },
  {
    name: 'worker ends in mid-run, silently',
    variants: USUAL,
    befall: (node) => node.tell('terminate'),
    comesBack: true,
  },
  {
    name: 'GPU device destroyed',
    variants: SMALL,
    options: ['--backend', 'webgpu'],
    befall: (node) => node.tell('destroy'),
    comesBack: true,
    slow: true,
  },
]

export interface Outcome {
  lost: LostItem[]
  /** From the end of the fault to the node's next batch; nothing where it did not come back. */
  backMs: number | undefined
  statuses: Counts
  /** Its queries by the number of answers they got. */
  answers: Counts
}

const BACK_LIMIT_MS = 25_000
/** A fault that takes long is not repeated. */
const REPEAT_WITHIN_MS = 10_000

/** A node beside those of the scene, under load, until its lost items are answered and it is back. */
export async function suffer(
  scene: RequeueScene,
  fault: Fault,
  repetitions = 1,
  backLimitMs = BACK_LIMIT_MS,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  const fromMs = performance.now()
  const start = () => startSufferer(scene, fault.name, fault.options, backLimitMs)
  let sufferer = await start()
  while (outcomes.length === 0 || performance.now() - fromMs <= REPEAT_WITHIN_MS) {
    outcomes.push(await sufferer.suffer(fault))
    if (outcomes.length === repetitions) break
    if (fault.comesBack) continue
    await sufferer.end()
    sufferer = await start()
  }
  await sufferer.end()
  return outcomes
}

/** One node that suffers several faults, one after the other, those last that it does not come back from. */
export async function startSufferer(
  scene: RequeueScene,
  name: string,
  options: readonly string[] = [],
  backLimitMs = Infinity,
) {
  const { ledger } = scene
  const proxy = startLinkProxy(new URL(scene.localUrl))
  const node = await scene.addNode(name, options, proxy.url)
  const hands = { scene, freeze: proxy.freeze }
  return {
    async suffer(fault: Fault): Promise<Outcome> {
      const hold = fault.slow === true ? () => scene.holdOthers(node.id) : () => () => {}
      let release = hold()
      const load = scene.startLoad()
      let lost: LostItem[] = []
      // A batch may be over before the fault has reached it: then another one is to be hit.
      while (!lost.some(({ requeuedMs }) => requeuedMs !== undefined)) {
        lost = await scene.strike(node.id, () => {
          release()
          return fault.befall(node, hands)
        })
        await ledger.until(() => lost.every(isElsewhere))
        release = hold()
      }
      await fault.mend?.(node, hands)
      let backMs: number | undefined
      if (fault.comesBack) {
        const mendedMs = performance.now()
        const back = ledger.finishedOn(node.id).then(() => performance.now() - mendedMs)
        backMs = await within(backLimitMs, back)
      }
      release()
      return { backMs, ...await settled(scene, load, lost) }
    },
    async end() {
      await scene.remove(node)
      proxy.close()
    },
  }
}

/** Requeued, or finished nevertheless. */
const isElsewhere = ({ finished, requeuedMs }: LostItem) => finished || requeuedMs !== undefined

/** Resolves when all that was lost is answered, and the load has ended. */
export async function settled(
  { ledger }: RequeueScene,
  load: ReturnType<RequeueScene['startLoad']>,
  lost: LostItem[],
) {
  await ledger.until(() => lost.every((item) => isElsewhere(item) && item.answeredMs !== undefined))
  const statuses = await load.stop()
  return { lost, statuses, answers: ledger.takeAnswers() }
}
