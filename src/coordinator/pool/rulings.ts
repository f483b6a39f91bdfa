/**
 * Variants that an admin has pinned or forbidden, as long as the coordinator runs.
 *
 * @module
 */
import type { ServedVariant } from '../../pipeline/least_models.ts'
import { publicName } from '../../pipeline/version.ts'
import type { VariantRef, VariantRuling } from '../../policy/core/types.ts'
import { ApiError } from '../core/api_error.ts'
import type { Log } from '../core/log.ts'
import { ableOf, type PooledNode } from '../nodes/nodes.ts'
import type { Post } from '../scheduler/driver.ts'
import type { Versions } from './versions.ts'

export type RulingAction = 'pin' | 'forbid' | 'allow'

export interface Rulings {
  /**
   * Pins or forbids a variant, or takes its ruling back.
   *
   * @throws ApiError for an unknown variant, and `conflict` where a task would have no variant left
   */
  change(action: RulingAction, ref: VariantRef): void
  list(): VariantRuling[]
  /** Whether a variant may be held; its pipeline has the name of its version. */
  isOpen(ref: VariantRef): boolean
  /** Applies the rulings to a new version of a pipeline. */
  renewed(): void
}

export interface RulingsParts {
  versions: Pick<Versions, 'find' | 'all'>
  nodes: ReadonlyMap<string, PooledNode>
  /** All variants that are served, with the memory that each takes. */
  able: () => readonly (ServedVariant & { memoryBytes: number })[]
  /** Whether the scheduler in use keeps rulings. */
  kept: boolean
  post: Post
  log: Log
}

const keyOf = ({ pipeline, task, variant }: VariantRef) => `${pipeline}\n${task}\n${variant}`

export function createRulings(parts: RulingsParts): Rulings {
  const { versions, nodes, kept, post, log } = parts
  let rulings = new Map<string, VariantRuling>()
  /** Rulings by the names of versions, as the scheduler has them. */
  let ofVersions: VariantRuling[] = []

  function find({ pipeline: name, task, variant }: VariantRef): string[] {
    const pipeline = versions.find(name)?.pipeline
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
      const able = parts.able()
      const { name } = versions.find(ref.pipeline)!.pipeline
      const keys = new Set(some.map((one) => keyOf({ ...one, pipeline: name })))
      const offered = able.filter((one) => keys.has(keyOf(one)))
      const keysOffered = new Set(offered.map(keyOf))
      return [...nodes.values()].some((node) =>
        ableOf(node, able).some((one) => keysOffered.has(keyOf(one)))
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

  /** Sends the scheduler the rulings of every version that has the variant. */
  function postRulings(): void {
    const all = [...rulings.values()]
    ofVersions = versions.all().flatMap(({ pipeline: { name, tasks } }) => {
      const own = all.filter((one) => one.pipeline === publicName(name))
      return own.flatMap((one): VariantRuling[] => {
        const variants = Object.keys(tasks[one.task]?.variants ?? {})
        const forbidden = own.filter(({ task, ruling }) =>
          task === one.task && ruling === 'forbidden'
        )
        // Rulings made for another version must not leave a task of this one without variants.
        const leaves = variants.some((name) => !forbidden.some(({ variant }) => variant === name))
        const holds = variants.includes(one.variant) && (one.ruling === 'pinned' || leaves)
        return holds ? [{ ...one, pipeline: name }] : []
      })
    })
    post({ type: 'rulings_changed', rulings: ofVersions })
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
      postRulings()
      const { pipeline, task, variant } = ref
      log(`${action}: ${pipeline} ${task} ${variant}`, 'info', {
        ...{ event: 'variant_admin', action, pipeline, task, variant },
      })
    },
    list: () => [...rulings.values()],
    isOpen({ pipeline, task, variant }) {
      const ofTask = ofVersions.filter((one) => one.pipeline === pipeline && one.task === task)
      const own = ofTask.find((one) => one.variant === variant)
      return own === undefined
        ? ofTask.every(({ ruling }) => ruling !== 'pinned')
        : own.ruling === 'pinned'
    },
    renewed: postRulings,
  }
}
