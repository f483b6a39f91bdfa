/**
 * What a query is answered with, or refused by.
 *
 * @module
 */

/** Why a query got no result; stable, to be switched on. `error` next to it is for people. */
export type ErrorReason =
  | 'invalid_input'
  | 'unauthorized'
  | 'forbidden'
  | 'unknown_pipeline'
  | 'not_found'
  | 'method_not_allowed'
  | 'conflict'
  | 'too_large'
  | 'unsupported_type'
  | 'rate_limited'
  | 'internal'
  | 'node_failed'
  | 'queue_full'
  | 'infeasible_deadline'
  | 'no_capable_node'
  | 'draining'
  | 'deadline_exceeded'

export interface ErrorBody {
  error: string
  reason: ErrorReason
}

/** What served part of a query: one entry a batch. */
export interface StageReport {
  task: string
  variant: string
  /** The node's name. */
  node: string
  backend: string
  /** Items in the whole batch, and of this query among them. */
  batch: number
  items: number
  queueMs: number
  networkMs: number
  computeMs: number
}

export interface InferAnswer<Outputs = Record<string, unknown[]>> {
  id: string
  pipeline: string
  /** Of the pipeline as served; each reload that changes it makes one more. */
  version: number
  outputs: Outputs
  /** Mean path accuracy over the leaf items, 0..1. */
  accuracy: number
  /** The budget granted, from the arrival of the query. */
  deadlineMs: number
  latencyMs: number
  /** Items served per task and variant. */
  path: Record<string, Record<string, number>>
  stages: StageReport[]
  /** What its batches took, its share of each by items: modelled, not measured. */
  modelledJ: number
  /** Whether a known party said or confirmed all of it; absent where nobody checks nodes. */
  verified?: boolean
  /** Of the task that generates, where the pipeline has one. */
  generated?: GeneratedInfo
}

export interface GeneratedInfo {
  /** `stop`: the text came to its end; `length`: to the most tokens. */
  finish: 'stop' | 'length'
  promptTokens: number
  completionTokens: number
}

/** One line of text of the `ocr` pipeline; `box` in pixels of the submitted picture. */
export interface OcrLine {
  text: string
  confidence: number
  box: [number, number][]
}
export type OcrOutputs = { lines: OcrLine[] }
