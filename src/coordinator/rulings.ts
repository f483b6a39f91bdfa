/**
 * Variants that whoever runs the coordinator has pinned or forbidden, as long as it runs.
 *
 * @module
 */
import { ableVariants, type ServedVariant } from '../pipeline/hold.ts'
import type { Pipeline } from '../pipeline/schema.ts'
import type { VariantRef, VariantRuling } from '../policy/types.ts'
import { ApiError } from './api_error.ts'
import type { Post } from './driver.ts'
import type { Log } from './log.ts'
import type { PooledNode } from './nodes.ts'

export type RulingAction = 'pin' | 'forbid' | 'allow'

export interface Rulings {
  /**
   * Pins, forbids, or takes back what was said of a variant.
   *
   * @throws ApiError for a variant that there is not, and `conflict` where a task would be left with
   * nothing
   */
  change(action: RulingAction, ref: VariantRef): void
  list(): VariantRuling[]
}

export interface RulingsParts {
  pipelines: ReadonlyMap<string, Pipeline>
  nodes: ReadonlyMap<string, PooledNode>
  /** All that is served, with the memory that it takes. */
  able: readonly (ServedVariant & { memoryBytes: number })[]
  /** Whether the rules that plan here keep to rulings. */
  kept: boolean
  post: Post
  log: Log
}

const keyOf = ({ pipeline, task, variant }: VariantRef) => `${pipeline}\n${task}\n${variant}`

export function createRulings(parts: RulingsParts): Rulings {
  const { pipelines, nodes, able, kept, post, log } = parts
  let rulings = new Map<string, VariantRuling>()

  function find({ pipeline: name, task, variant }: VariantRef): string[] {
    const pipeline = pipelines.get(name)
    if (pipeline === undefined) {
      throw new ApiError('unknown_pipeline', `Cannot find pipeline ${name.slice(0, 128)}`)
    }
    const variants = Object.hasOwn(pipeline.tasks, task) ? pipeline.tasks[task]!.variants : {}
    if (!Object.hasOwn(variants, variant)) {
      const what = `${task} ${variant}`.slice(0, 256)
      throw new ApiError('not_found', `Cannot find a variant ${what} of pipeline ${name}`)
    }
    return Object.keys(variants)
  }

  /** @throws ApiError where nothing, or nothing that a node here can hold, is left for the task */
  function mustServe(wanted: Map<string, VariantRuling>, ref: VariantRef, variants: string[]) {
    const ofTask = variants.map((variant) => ({ ...ref, variant }))
    const rulingOf = (one: VariantRef) => wanted.get(keyOf(one))?.ruling
    const pinned = ofTask.filter((one) => rulingOf(one) === 'pinned')
    const open = pinned.length > 0 ? pinned : ofTask.filter((one) => rulingOf(one) !== 'forbidden')
    if (open.length === 0) {
      throw new ApiError(
        'conflict',
        `Cannot forbid ${ref.variant}: ${ref.task} would have no variant left`,
      )
    }
    const holders = (some: readonly VariantRef[]) => {
      const keys = new Set(some.map(keyOf))
      const offered = able.filter((one) => keys.has(keyOf(one)))
      return [...nodes.values()].some(({ hello }) =>
        ableVariants(able, hello)
          .some((one) => offered.includes(one))
      )
    }
    if (!holders(open) && holders(ofTask)) {
      const names = open.map(({ variant }) => variant).join(', ')
      throw new ApiError(
        'conflict',
        `Cannot leave ${ref.task} to ${names}: no node here is able to hold that`,
      )
    }
  }

  return {
    change(action, given) {
      const ref = { pipeline: given.pipeline, task: given.task, variant: given.variant }
      const variants = find(ref)
      if (!kept) {
        throw new ApiError('conflict', `Cannot ${action} a variant: this policy keeps to none`)
      }
      const wanted = new Map(rulings)
      const key = keyOf(ref)
      if (action === 'forbid' && wanted.get(key)?.ruling === 'pinned') {
        throw new ApiError('conflict', `Cannot forbid ${ref.variant}: it is pinned, allow it first`)
      }
      if (action === 'allow') wanted.delete(key)
      else if (action === 'forbid') wanted.set(key, { ...ref, ruling: 'forbidden' })
      else {
        for (const [other, one] of wanted) {
          if (one.task === ref.task && one.pipeline === ref.pipeline && one.ruling === 'pinned') {
            wanted.delete(other)
          }
        }
        wanted.set(key, { ...ref, ruling: 'pinned' })
      }
      if (action !== 'allow') mustServe(wanted, ref, variants)
      rulings = wanted
      post({ type: 'rulings_changed', rulings: [...rulings.values()] })
      const { pipeline, task, variant } = ref
      log(`${action}: ${pipeline} ${task} ${variant}`, 'info', {
        ...{ event: 'variant_admin', action, pipeline, task, variant },
      })
    },
    list: () => [...rulings.values()],
  }
}
