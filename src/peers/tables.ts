/**
 * MostAccurateFirst, the Load Balancer of the Loki paper (section 4): workers of each task, the most
 * accurate first, are filled to their capacity; what is left over is their backup capacity.
 *
 * The paper does not say what becomes of demand beyond all capacity. As in the artifact it goes to
 * all workers of the task alike, or, with `leftover: 'capacity'`, to each by its capacity.
 *
 * @module
 */
import type { Model, PipelineModel, Task, Variant } from './model.ts'
import { capacityPerS, type Worker } from './worker.ts'

export interface Route {
  worker: Worker
  weight: number
  /** For smooth round robin. */
  credit: number
}

export interface Tables {
  root: Map<PipelineModel, Route[]>
  /** For items that a worker hands to a child task, by the number of the child. */
  next: Map<Worker, Route[][]>
  /** Workers with capacity left, the most accurate first. */
  backup: Map<Task, Worker[]>
}

export interface TableInput {
  model: Model
  /** Ready ones. */
  workers: readonly Worker[]
  ratePerS: (pipeline: PipelineModel) => number
  factor: (variant: Variant, childIndex: number) => number
  /** Share of a worker's throughput that is planned with. */
  cap: number
  leftover: 'equal' | 'capacity'
  /** Where the round robin of a table begins: were it the same for all, many would begin at one worker. */
  random: () => number
  /** Workers of one variant share its work by their capacities, instead of one after another. */
  balanced?: boolean
}

/** Below this share of a worker's capacity nothing is left of it. */
const NOTHING = 1e-9

export function mostAccurateFirst(input: TableInput): Tables {
  const { model, workers, ratePerS, factor, cap } = input
  const byTask = new Map<Task, Worker[]>(model.tasks.map((task) => [task, []]))
  for (const worker of workers) byTask.get(worker.variant!.task)!.push(worker)
  for (const list of byTask.values()) {
    list.sort((a, b) => b.variant!.accuracy - a.variant!.accuracy)
  }
  const left = new Map(workers.map((worker) => [worker, cap * capacityPerS(worker)]))
  const rate = new Map(workers.map((worker) => [worker, 0]))

  function fill(out: number, children: readonly Worker[]): Route[] {
    const routes: Route[] = []
    let rest = out
    let level: Variant | null = null
    let share = 1
    for (const worker of children) {
      if (rest <= NOTHING) break
      if (worker.variant !== level) {
        level = worker.variant
        const whole = children.reduce((sum, c) => c.variant === level ? sum + left.get(c)! : sum, 0)
        share = input.balanced ? Math.min(1, rest / Math.max(whole, NOTHING)) : 1
      }
      const taken = Math.min(rest, share * left.get(worker)!)
      if (taken <= NOTHING) continue
      routes.push({ worker, weight: taken, credit: input.random() * out })
      left.set(worker, left.get(worker)! - taken)
      rate.set(worker, rate.get(worker)! + taken)
      rest -= taken
    }
    if (rest > NOTHING || routes.length === 0) spread(Math.max(rest, NOTHING), children, routes)
    return routes
  }

  function spread(rest: number, children: readonly Worker[], routes: Route[]): void {
    const shares = children.map((worker) => input.leftover === 'equal' ? 1 : capacityPerS(worker))
    const sum = shares.reduce((total, share) => total + share, 0)
    children.forEach((worker, i) => {
      const weight = rest * shares[i]! / sum
      rate.set(worker, rate.get(worker)! + weight)
      const route = routes.find((one) => one.worker === worker)
      if (route === undefined) routes.push({ worker, weight, credit: input.random() * rest })
      else route.weight += weight
    })
  }

  const root = new Map<PipelineModel, Route[]>()
  const next = new Map<Worker, Route[][]>()
  for (const pipeline of model.pipelines) {
    root.set(pipeline, fill(ratePerS(pipeline), byTask.get(pipeline.root)!))
    for (const task of pipeline.tasks) {
      for (const worker of byTask.get(task)!) {
        next.set(
          worker,
          task.children.map((child, i) =>
            fill(rate.get(worker)! * factor(worker.variant!, i), byTask.get(child)!)
          ),
        )
      }
    }
  }
  const backup = new Map(model.tasks.map((task) => [
    task,
    byTask.get(task)!.filter((worker) => left.get(worker)! > NOTHING),
  ]))
  return { root, next, backup }
}

/** By lot, with the probabilities of the table. */
export function pickByLot(routes: readonly Route[], random: () => number): Worker | undefined {
  let at = random() * routes.reduce((sum, { weight }) => sum + weight, 0)
  for (const { worker, weight } of routes) {
    at -= weight
    if (at < 0) return worker
  }
  return routes.at(-1)?.worker
}

/** Smooth weighted round robin: the same shares, without the bunching of lots. */
export function pickSmoothly(routes: readonly Route[]): Worker | undefined {
  let best: Route | undefined
  let sum = 0
  for (const route of routes) {
    route.credit += route.weight
    sum += route.weight
    if (best === undefined || route.credit > best.credit) best = route
  }
  if (best !== undefined) best.credit -= sum
  return best?.worker
}
