/**
 * Pipelines that are served, and the offer of them to a node that joins.
 *
 * @module
 */
import type { Pipeline } from '../../pipeline/schema.ts'
import { PROTOCOL_VERSION, type Welcome } from '../../protocol/mod.ts'
import { HEARTBEAT_MS } from './link.ts'

/** A model as nodes fetch it. */
export interface ServedModel {
  sha256: string
  bytes: number
}

export interface ServedPipeline {
  pipeline: Pipeline
  /** By the names that variants use. */
  models: Record<string, ServedModel>
}

export const MODEL_PATH = '/models/'

export const welcomeOf = (served: readonly ServedPipeline[]): Welcome => ({
  type: 'welcome',
  protocol: PROTOCOL_VERSION,
  ...offerOf(served),
  modelPath: MODEL_PATH,
  heartbeatMs: HEARTBEAT_MS,
})

/** Pipelines and models that a node can be told to load. */
export const offerOf = (
  served: readonly ServedPipeline[],
): Pick<Welcome, 'pipelines' | 'models'> => ({
  pipelines: served.map(({ pipeline }) => pipeline as Welcome['pipelines'][number]),
  models: Object.fromEntries(served.map(({ pipeline, models }) => [
    pipeline.name,
    Object.fromEntries(
      Object.entries(models).map(([name, { sha256, bytes }]) => [name, { sha256, bytes }]),
    ),
  ])),
})
