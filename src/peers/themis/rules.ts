/**
 * What Themis (arXiv 2407.14843) reckons with: the latency of a batch, how long it takes to fill,
 * what load capacity is asked for, and what an instance costs. In three sets: `HEAD`, the public
 * artifact as of 2025; `PAPER`, the artifact three days after the paper; and `PLAIN`, the figure in
 * the paper's introduction, which asks for the load of the last second and no more.
 *
 * The latency of a stage is alpha b/c + beta b + gamma/c + zeta for b items on c cores. HEAD raises
 * zeta by a tenth of the sum of all four, rounds it up, and rounds the latency up. It rounds the load
 * with its margin to whole items.
 *
 * @module
 */
import type { Stage } from '../scaler.ts'

export interface Coefficients {
  alpha: number
  beta: number
  gamma: number
  zeta: number
}

export const latencyOf =
  ({ alpha, beta, gamma, zeta }: Coefficients) => (batch: number, cores: number): number =>
    alpha * batch / cores + beta * batch + gamma / cores + zeta

const RAISE = 0.1

/** @param times of the latency, and of the part of it that each item adds, as HEAD has for one model */
export function raisedLatencyOf(
  { alpha, beta, gamma, zeta }: Coefficients,
  times = 1,
): (batch: number, cores: number) => number {
  const each = beta * times
  const raised = Math.ceil(zeta + RAISE * (alpha + each + gamma + zeta))
  const latency = latencyOf({ alpha, beta: each, gamma, zeta: raised })
  return (batch, cores) => Math.ceil(times * latency(batch, cores))
}

export interface Rules {
  everyMs: number
  /** Steps that have to agree before less is used. */
  waitSteps: number
  /** Horizontal scaling waits, too, where it starts more instances. */
  waitsAlways: boolean
  /** More instances than needed where a stage goes from several cores each back to one. */
  spare: number
  /** All stages together. */
  mostCores: number
  /** Multiple of the SLO after which an item is dropped. */
  dropAfterSlos?: number
  loadOf(perS: readonly number[]): number
  neededFor(loadPerS: number): number
  latencyMs(stage: Stage, batch: number, cores: number): number
  fillMs(batch: number, loadPerS: number): number
  /** Whole items a second of one instance. */
  throughput(stage: Stage, batch: number, cores: number, loadPerS: number): number
  costOf(stage: Stage, cores: number): number
}

/** How the artifact weighs a core against a gigabyte of memory. */
const CORE_COST = 18
/** HEAD waits for a batch as long as it takes in 99 of 100 cases. */
const FILL_QUANTILE = Math.log(100)
const HEAD_SECONDS = 5
const PAPER_SECONDS = 2

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** A whole number that a division just misses is one. */
const wholePerS = (batch: number, ms: number) => Math.floor(1000 * batch / ms + 1e-9)

export const HEAD: Rules = {
  everyMs: 500,
  waitSteps: 20,
  waitsAlways: false,
  spare: 1,
  mostCores: Infinity,
  loadOf: (perS) => Math.max(0, ...perS.slice(0, HEAD_SECONDS)),
  neededFor: (loadPerS) => Math.round(loadPerS + Math.sqrt(loadPerS)),
  latencyMs: (stage, batch, cores) => stage.raisedMs(batch, cores),
  fillMs: (batch, loadPerS) =>
    batch === 1 ? 0 : Math.ceil((batch - 1) * FILL_QUANTILE * 1000 / loadPerS),
  throughput: (stage, batch, cores) => wholePerS(batch, stage.raisedMs(batch, cores)),
  costOf: ({ memoryGb }, cores) => memoryGb + CORE_COST * cores,
}

const paperFillMs = (batch: number, loadPerS: number) => Math.floor((batch - 1) * 1000 / loadPerS)

export const PAPER: Rules = {
  everyMs: 1000,
  waitSteps: 10,
  waitsAlways: true,
  spare: 0,
  mostCores: 32,
  dropAfterSlos: 1,
  loadOf: (perS) => mean(perS.slice(0, PAPER_SECONDS)),
  neededFor: (loadPerS) => loadPerS,
  latencyMs: (stage, batch, cores) => stage.latencyMs(batch, cores),
  fillMs: paperFillMs,
  throughput: (stage, batch, cores, loadPerS) =>
    wholePerS(batch, stage.latencyMs(batch, cores) + paperFillMs(batch, loadPerS)),
  costOf: (_, cores) => cores,
}

export const PLAIN: Rules = {
  ...PAPER,
  waitsAlways: false,
  mostCores: Infinity,
  loadOf: (perS) => perS[0] ?? 0,
  fillMs: () => 0,
  throughput: (stage, batch, cores) => wholePerS(batch, stage.latencyMs(batch, cores)),
}
