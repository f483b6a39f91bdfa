/**
 * From an answer of the program to sets of variants.
 *
 * @module
 */
import type { VariantShape } from '../shape.ts'
import { type Built, isWhole, type Kind } from './build.ts'
import { isUnpacked } from './candidates.ts'
import type { Compiled } from './compile.ts'
import { fillOrder, pack, PACKINGS } from './sets.ts'

/** For each class all that it is able to hold: how time would be given if nothing had to be packed. */
export const openKinds = ({ classes }: Compiled): Kind[] =>
  classes.filter(({ slots, able }) => slots > 0 && able.length > 0)
    .map((one) => ({ class: one, variants: one.able, slots: one.slots }))

/** Sets for what the program gave; several where memory has to be packed. */
export function packings(built: Built, values: readonly number[]): Kind[][] {
  const results = PACKINGS.map((packing) =>
    built.kinds.flatMap((kind, k): Kind[] => {
      const one = kind.class
      const own = built.shares.filter((share) => share.kind === k)
      if (isWhole(kind)) {
        return own.filter(({ column }) => values[column]! > 0.5).map((share) => ({
          ...kind,
          variants: [share.variant],
          slots: Math.round(values[share.column]!),
          allowance: share.allowance,
        }))
      }
      const awake = built.awakeColumns[k]!
      const slots = awake < 0 ? kind.slots : Math.round(values[awake]!)
      // What may be held is given already: only how many are awake was open.
      if (!isUnpacked(kind)) {
        return slots > 0 ? [{ class: one, variants: kind.variants, slots }] : []
      }
      const times = new Map<VariantShape, number>()
      for (const { variant, column } of own) {
        times.set(variant, (times.get(variant) ?? 0) + values[column]!)
      }
      return pack(one, times, slots, packing, fillOrder(one))
        .map((set) => ({ class: one, ...set }))
    })
  )
  return built.kinds.some(isUnpacked) ? results : [results[0]!]
}
