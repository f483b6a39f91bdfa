/**
 * The peers by name.
 *
 * @module
 */
import { inferline } from './inferline.ts'
import { loki } from './loki.ts'
import { lokiPublished } from './loki_published.ts'
import { proteus } from './proteus.ts'
import { fixed } from './static.ts'
import type { Strategy } from './strategy.ts'

/** What some of them take. */
export interface StrategyOptions {
  drop?: string | undefined
  cap?: number | undefined
}

export const STRATEGIES: { readonly [name: string]: (options: StrategyOptions) => Strategy } = {
  static: () => fixed(),
  inferline: () => inferline(),
  proteus: () => proteus(),
  loki: ({ drop, cap }) => loki(drop, cap),
  'loki-published': ({ drop }) => lokiPublished(drop),
}
