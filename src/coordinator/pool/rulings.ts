/**
 * Variants that whoever runs the coordinator has pinned or forbidden, as long as it runs.
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
   * Pins, forbids, or takes back what was said of a variant.
   *
   * @throws ApiError for a variant that there is not, and `conflict` where a task would be left with
   * nothing
   */
  change(action: RulingAction, ref: VariantRef): void
  list(): VariantRuling[]
  /** Whether a variant may be held, by the name that its version has inside. */
  isOpen(ref: VariantRef): boolean
  /** A version of a pipeline came: what was said of its variants holds for it, too. */
  renewed(): void
}

export interface RulingsParts {
  versions: Pick<Versions, 'find' | 'all'>
  nodes: ReadonlyMap<string, PooledNode>
  /** All that is served, with the memory that it takes. */
  able: () => readonly (ServedVariant & { memoryBytes: number })[]
  /** Whether the rules that plan here keep to rulings. */
  kept: boolean
  post: Post
  log: Log
}

const keyOf = ({ pipeline, task, variant }: VariantRef) => `${pipeline}\n${task}\n${variant}`

export function createRulings(parts: RulingsParts): Rulings {
  const { versions, nodes, kept, post, log } = parts
  let rulings = new Map<string, VariantRuling>()
  /** As the scheduler was told of them. */
  let inside: VariantRuling[] = []

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

  /** By every version that has the variant, under the name that it has inside. */
  function tell(): void {
    const all = [...rulings.values()]
    inside = versions.all().flatMap(({ pipeline: { name, tasks } }) => {
      const own = all.filter((one) => one.pipeline === publicName(name))
      return own.flatMap((one): VariantRuling[] => {
        const variants = Object.keys(tasks[one.task]?.variants ?? {})
        const forbidden = own.filter(({ task, ruling }) =>
          task === one.task && ruling === 'forbidden'
        )
        // What would leave a task of a new version with nothing was said of another one.
        const leaves = variants.some((name) => !forbidden.some(({ variant }) => variant === name))
        const holds = variants.includes(one.variant) && (one.ruling === 'pinned' || leaves)
        return holds ? [{ ...one, pipeline: name }] : []
      })
    })
    post({ type: 'rulings_changed', rulings: inside })
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
      tell()
      const { pipeline, task, variant } = ref
      log(`${action}: ${pipeline} ${task} ${variant}`, 'info', {
        ...{ event: 'variant_admin', action, pipeline, task, variant },
      })
    },
    list: () => [...rulings.values()],
    isOpen({ pipeline, task, variant }) {
      const said = inside.filter((one) => one.pipeline === pipeline && one.task === task)
      const own = said.find((one) => one.variant === variant)
      return own === undefined
        ? said.every(({ ruling }) => ruling !== 'pinned')
        : own.ruling === 'pinned'
    },
    renewed: tell,
  }
}
