/**
 * Floors, the least accuracies that queries ask for: of each task as much is to be held of what
 * reaches them as those queries take.
 *
 *   for each floor, and each task of the cheapest way that reaches it:
 *     short + what slots do with variants as accurate as that way's >= 1 (of who asks for it)
 *   least of: short
 *
 * @module
 */
import { HORIZON, LEAST, waitingS } from '../demand/demand.ts'
import type { VariantShape } from '../shape.ts'
import type { ClassShape, Compiled } from './compile.ts'
import type { Flow, Flows, Step } from './flow_walk.ts'
import type { Given, Goal, Kind, Share } from './given.ts'
import { addColumn, addRow, type Model } from './model.ts'

/**
 * What it costs to fall short of all floors of a pipeline, for each share of the slots that they take,
 * against 1 for the accuracy of everything: more than others lose by it, however few ask, and less than
 * what these slots serve counts, or all would not be served.
 */
const SHORT = 5
/** Less is lost in the gap that a search may leave. */
const LEAST_PRICE = 0.01
/**
 * Deviations of what comes in a second, or in half of the time that queries have, are carried, too, as
 * far as that cannot wait: as of the peak.
 */
const CHANCE = 4
/** One slot alone is busy with something else when it is needed, and its node may go. */
const LEAST_SLOTS = 2

/** One floor. */
interface Reach {
  /** What falling short of it costs. */
  price: number
  tasks: {
    step: Step
    /** Items per second, with what chance adds. */
    itemsPerS: number
  }[]
}

/** Whether a program with this goal has rows of floors. Where not all are served most are. */
export const hasFloors = ({ demands }: Compiled, goal: Goal): boolean =>
  goal.name === 'accuracy' && demands.some(({ pipeline }) => (pipeline.floors ?? []).length > 0)

export function addFloors(
  { compiled, flows, goal }: Pick<Given, 'compiled' | 'flows' | 'goal'>,
  model: Model,
  shares: readonly Share[],
): void {
  if (!hasFloors(compiled, goal)) return
  for (const { price, tasks } of reachesOf(compiled, flows)) {
    const rows = tasks.map(({ step, itemsPerS }) => {
      const row = addRow(model, { min: 1 })
      for (const share of shares) {
        if (!isAsGood(share.variant, step)) continue
        const own = model.columns[share.column]!
        own.rows.push(row)
        own.coefficients.push(partOf(share.itemsPerS, itemsPerS))
      }
      return row
    })
    addColumn(model, rows.map((row) => [row, 1]), { upper: 1, objective: -price })
  }
}

/**
 * What sets of variants lose for want of what floors need; 0 where none are asked for. Each task counts
 * for its part, so that it is known which sets come nearer.
 */
export function lostToFloors(compiled: Compiled, flows: Flows): (kinds: readonly Kind[]) => number {
  const reaches = reachesOf(compiled, flows)
  const shortOf = (kinds: readonly Kind[], { step, itemsPerS }: Reach['tasks'][number]) =>
    kinds.reduce((short, { class: one, variants, slots }) => {
      const parts = variants.filter((variant) => isAsGood(variant, step))
        .map(({ index }) => partOf(one.paces[index]!.at(-1)!.ratePerS, itemsPerS))
      return short - slots * Math.max(0, ...parts)
    }, 1)
  return (kinds) =>
    reaches.reduce((lost, { price, tasks }) => {
      const shorts = tasks.map((task) => Math.max(0, shortOf(kinds, task)))
      return lost + price * shorts.reduce((sum, short) => sum + short, 0) / tasks.length
    }, 0)
}

const isAsGood = ({ task, accuracy }: VariantShape, { variant }: Step) =>
  task === variant.task && accuracy >= variant.accuracy - 1e-9

/** Part of what is needed that one slot does. */
const partOf = (ratePerS: number, neededPerS: number) =>
  Math.min(1 / LEAST_SLOTS, ratePerS / Math.max(neededPerS, 1e-9))

/** Without floors that no way reaches in time. */
function reachesOf(compiled: Compiled, flows: Flows): Reach[] {
  const reaches: Reach[] = []
  const all = compiled.classes.reduce((sum, { slots }) => sum + slots, 0)
  compiled.demands.forEach(({ pipeline: { floors = [], sloMs } }, demand) => {
    let perS = 0
    // Who asks for more is served by the same.
    for (const floor of floors.toSorted((a, b) => b.accuracy - a.accuracy)) {
      perS += floor.ratePerS
      const steps = cheapestWay(compiled.classes, flows, demand, floor.accuracy)
      if (steps === undefined) continue
      const mostPerS = withChance(perS, sloMs)
      const tasks = steps.map((step) => ({ step, itemsPerS: mostPerS * step.items }))
      const slots = tasks.reduce(
        (sum, { step, itemsPerS }) =>
          sum + 1 / partOf(mostOf(compiled.classes, flows, step), itemsPerS),
        0,
      )
      const share = Math.min(1, slots / Math.max(all, 1))
      reaches.push({ price: Math.max(LEAST_PRICE, SHORT * share / floors.length), tasks })
    }
  })
  return reaches
}

/** Items per second of a slot of the class that is quickest at a step. */
function mostOf(
  classes: readonly ClassShape[],
  { allowances }: Flows,
  { variant, allowance }: Step,
): number {
  const { paces } = allowances.of[variant.index]![allowance]!
  return Math.max(...classes.map(({ index }) => paces[index]?.ratePerS ?? 0))
}

function withChance(perS: number, sloMs: number): number {
  const spanS = Math.max(1, HORIZON * sloMs / 1000)
  const most = perS * spanS + CHANCE * Math.sqrt(perS * spanS)
  return Math.max(LEAST * perS, most / (spanS + waitingS(sloMs)))
}

interface Way {
  slotTime: number
  steps: Step[]
}

/** The steps of the way that takes the least of slots' time and reaches so much at every leaf. */
function cheapestWay(
  classes: readonly ClassShape[],
  flows: Flows,
  demand: number,
  accuracy: number,
): Step[] | undefined {
  const from = Map.groupBy(flows.flows, (flow) => `${flow.from} ${flow.branch}`)
  const slotTimeOf = (step: Step) => step.items / Math.max(mostOf(classes, flows, step), 1e-9)
  const cheapestOf = (some: readonly Flow[]) => {
    let best: Way | undefined
    for (const flow of some) {
      const way = wayOf(flow)
      if (way !== undefined && way.slotTime < (best?.slotTime ?? Infinity)) best = way
    }
    return best
  }
  function wayOf({ to, end, steps }: Flow): Way | undefined {
    let way = { slotTime: steps.reduce((sum, step) => sum + slotTimeOf(step), 0), steps }
    if (to < 0) return end.accuracy >= accuracy - 1e-9 ? way : undefined
    for (let branch = 0; branch < flows.junctions[to]!; branch++) {
      const after = cheapestOf(from.get(`${to} ${branch}`) ?? [])
      if (after === undefined) return undefined
      way = { slotTime: way.slotTime + after.slotTime, steps: [...way.steps, ...after.steps] }
    }
    return way
  }
  return cheapestOf(flows.flows.filter((flow) => flow.from < 0 && flow.demand === demand))?.steps
}
