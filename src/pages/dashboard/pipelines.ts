/**
 * What is served, as far as the page knows: it changes while the page is open, and no event says
 * so but a plan that names what is new.
 *
 * @module
 */
import type { Client } from '../../client/client.ts'
import type { PipelineInfo, PlanInfo } from '../../client/types.ts'
import { make } from '../make.ts'
import { element } from '../node/dom.ts'

export interface Pipelines {
  /** The one that is looked at. */
  readonly chosen: PipelineInfo | undefined
  /** Reads them; again after a while where that fails. */
  load(): Promise<void>
  /** Reads them where the plan names one, or a variant, that is not known. */
  learn(plan: PlanInfo): void
}

export interface PipelinesOptions {
  client: Client
  /** Aborts a call that takes too long. */
  inTime(): AbortSignal
  /** Whether the coordinator is there to be asked again. */
  connected(): boolean
  /** They were read, or another one was chosen. */
  changed(): void
}

const AGAIN_MS = 3000

/** Whether all that does work in the plan is among the pipelines. */
export function knows(pipelines: readonly PipelineInfo[], { mix, instances }: PlanInfo): boolean {
  const tasksOf = (name: string) => pipelines.find((one) => one.name === name)?.tasks ?? {}
  const variants = (name: string) =>
    Object.values(tasksOf(name)).flatMap(({ variants }) => Object.keys(variants))
  return mix.every(({ pipeline, path }) =>
    path.every((variant) => variants(pipeline).includes(variant))
  ) && instances.every(({ pipeline, task, variant }) =>
    tasksOf(pipeline)[task]?.variants[variant] !== undefined
  )
}

export function createPipelines(options: PipelinesOptions): Pipelines {
  const select = element('pipeline', HTMLSelectElement)
  let known: PipelineInfo[] = []
  let reading: Promise<void> | undefined
  let waiting = false

  select.addEventListener('change', options.changed)

  async function read(): Promise<void> {
    try {
      known = await options.client.getPipelines(options.inTime())
      offer()
      options.changed()
    } catch {
      again()
    } finally {
      reading = undefined
    }
  }

  function again(): void {
    if (waiting) return
    waiting = true
    setTimeout(() => {
      waiting = false
      // A stream that opens anew reads them anew.
      if (options.connected()) void load()
    }, AGAIN_MS)
  }

  const load = () => reading ??= read()

  function offer(): void {
    const before = select.value
    const names = known.map(({ name }) => name)
    element('pipeline-field').hidden = names.length < 2
    // A list that is open would close.
    if ([...select.options].map(({ value }) => value).join('\n') === names.join('\n')) return
    select.replaceChildren(...names.map((name) => make('option', { value: name }, name)))
    if (names.includes(before)) select.value = before
  }

  return {
    get chosen() {
      return known.find(({ name }) => name === select.value)
    },
    load,
    learn(plan) {
      if (waiting || knows(known, plan)) return
      // What is being read may be from before the plan.
      void Promise.resolve(reading).then(() => knows(known, plan) ? undefined : load())
    },
  }
}
