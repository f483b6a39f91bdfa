/**
 * The file format `shoal-scenario/1`: a pool, what is asked of it over time, and a seed.
 *
 * Unknown fields are ignored. Additions to the agreed fields: `speedCv`, `duty`, `drift`, `told`,
 * `timeoutsMs`, `trace.together`, `trace.floors`, `noise.fanOutSpread`, and latencies under `TASK/VARIANT` where two
 * tasks have a variant of one name. For nodes that are scaled: `slots`, `sharing`, `threads`, `coldMs`
 * and `power` of a class, `starts` of a row of the pool, `prefer` and `elastic`.
 *
 * @module
 */
import { z } from 'zod'
import { PREFERENCES } from '../policy/core/elastic.ts'

const positive = z.number().positive()
const notNegative = z.number().min(0)
/** Of a mean: what spreads further is no number of anything. */
const spread = notNegative.max(100)
const MOST_SLOTS = 64
const MOST_THREADS = 64
/** As of a pipeline's SLO. */
const timeout = positive.max(600_000)

const batches = z.record(
  z.string().regex(/^[1-9]\d{0,4}$/, { error: 'must be a batch size, a positive integer' }),
  positive,
).refine((points) => Object.keys(points).length > 0, { error: 'needs at least one batch size' })

/** From asking for another number of threads until runs have it. */
const resizeMs = notNegative.default(0)

/** How much sooner a run ends that has several threads; latencies are those of one. */
const threads = z.union([
  z.object({
    /** So many times as fast with 1, 2, ... threads, up to the most that are lent. */
    speedups: z.array(positive).min(1).max(MOST_THREADS),
    resizeMs,
  }),
  z.object({
    /**
     * By variant, as Themis has them: a batch of b with c threads takes as much of what it takes with
     * one as `alpha b/c + beta b + gamma/c + zeta` is of that with c = 1. The scheduler is told the
     * mean of the variants' gains with one item.
     */
    coefficients: z.record(
      z.string(),
      z.object({ alpha: z.number(), beta: z.number(), gamma: z.number(), zeta: z.number() }),
    ),
    most: z.number().int().min(1).max(MOST_THREADS).default(4),
    resizeMs,
  }),
])

export const classSchema = z.object({
  /** Of one batch, alone and warm, in milliseconds, by variant and batch size. */
  latencyMs: z.record(z.string(), batches),
  /** Variants that one slot can hold, or `"all"`: everything, held from the start. */
  instancesPerNode: z.union([z.number().int().min(1), z.literal('all')]).default(1),
  /** Time to load one variant. */
  swapMs: notNegative,
  /** Network both ways. */
  roundTripMs: notNegative,
  /** Spread of the nodes of this class: each has a slowness, lognormal with mean 1. */
  speedCv: spread.default(0),
  /** Share of the time that its nodes run: after each batch they rest so much that it is kept. */
  duty: positive.max(1).default(1),
  /** Slots that a node lends; one where absent. */
  slots: z.number().int().min(1).max(MOST_SLOTS).optional(),
  /** Speed of each busy slot with 1, 2, ... of its node's slots busy, the last for more; 1 where absent. */
  sharing: z.array(positive).min(1).max(MOST_SLOTS).optional(),
  /** Absent: a run's threads are left as they are. */
  threads: threads.optional(),
  /**
   * From the first load on a cold node until all is there that it is told to load meanwhile; by
   * default `swapMs`. It is cold again when none of its slots is in use and all was unloaded.
   */
  coldMs: notNegative.optional(),
  /** Told to the scheduler, and what joules are modelled by. */
  power: z.object({
    idleW: notNegative,
    busyW: notNegative,
    exponent: positive.default(1),
  }).refine(({ idleW, busyW }) => busyW >= idleW, { error: 'busyW must be idleW at least' })
    .optional(),
})

/** What a run has room for. */
const MOST_NODES = 1_000_000
export const MOST_S = 10_000_000
/** In the mean; a run of so many takes hours. */
const MOST_QUERIES = 1_000_000_000
/** From one time that a node goes to the next. */
const LEAST_CHURN_S = 0.001
/** Child items of one, in the mean and spread: their distribution is summed up beforehand. */
export const MOST_ITEMS = 100_000

const trace = z.object({
  binSeconds: positive,
  /** Queries per second in each bin. */
  rates: z.array(notNegative).min(1),
  /** So many queries come at one moment in the mean, at random (geometric); else each comes alone. */
  together: z.number().min(1).optional(),
  /** Of the queries this share, at random, asks for this accuracy at the least. */
  floors: z.object({ share: z.number().min(0).max(1), accuracy: z.number().min(0).max(1) })
    .optional(),
}).refine(({ binSeconds, rates }) => binSeconds * rates.length <= MOST_S, {
  error: `must last ${MOST_S} s at most`,
}).refine(
  ({ binSeconds, rates }) =>
    binSeconds * rates.reduce((sum, rate) => sum + rate, 0) <= MOST_QUERIES,
  { error: `must come to ${MOST_QUERIES} queries at most` },
)

/** How what nodes say of their speed differs from what they do. */
const told = z.object({
  /** All latencies are said to be so many times what they are. */
  bias: positive.default(1),
  /** Each variant of each class is said to be off by this share besides: up or down, at random. */
  spread: z.number().min(0).lt(1).default(0),
  /**
   * Every node says what the pool's nodes take in the mean (of their throughput): in its profile
   * only, or of each batch that it ran, too, so that nobody can learn better.
   */
  mean: z.enum(['profile', 'always']).optional(),
  /** Nodes say nothing of larger batches than this. */
  largest: z.number().int().min(1).optional(),
})

/** Inline, or a path relative to the file. */
const pipeline = z.union([z.string().min(1), z.looseObject({})])

export const scenarioSchema = z.object({
  schema: z.literal('shoal-scenario/1'),
  pipeline: pipeline.optional(),
  trace: trace.optional(),
  /** Several pipelines at once, in place of `pipeline` and `trace`. */
  workloads: z.array(z.object({ pipeline, trace })).min(1).optional(),
  classes: z.record(z.string().min(1), classSchema),
  pool: z.array(z.object({
    class: z.string(),
    count: z.number().int().min(0),
    /** With all slots in use; warm, with none; or with nothing loaded. Also when they come back. */
    starts: z.enum(['awake', 'resting', 'cold']).optional(),
  })).min(1)
    .refine((rows) => rows.reduce((sum, { count }) => sum + count, 0) <= MOST_NODES, {
      error: `must have ${MOST_NODES} nodes at most`,
    }).refine((rows) => rows.some(({ count }) => count > 0), { error: 'must have a node' }),
  /** Exponential times up and down; all nodes are up at first. */
  churn: z.object({ meanUptimeS: positive, meanDowntimeS: notNegative })
    .refine(({ meanUptimeS, meanDowntimeS }) => meanUptimeS + meanDowntimeS >= LEAST_CHURN_S, {
      error: `up and down together must be ${LEAST_CHURN_S} s at least`,
    }).optional(),
  noise: z.object({
    /** Coefficient of variation of each batch's latency, lognormal with mean 1. */
    latencyCv: spread.default(0),
    /** Standard deviation of the number of child items as a multiple of Poisson's. */
    fanOutSpread: spread.default(1),
  }).optional(),
  told: told.optional(),
  /** Each query has a time of its own, least to most, evenly in the logarithm; else the SLO. */
  timeoutsMs: z.tuple([timeout, timeout]).refine(([least, most]) => least <= most, {
    error: 'must be the least, then the most',
  }).optional(),
  /** What the pool is run for; the scheduler's own default where absent. */
  prefer: z.enum(PREFERENCES).optional(),
  /** Has the result say what was in use (`elastic`), also where no class has a field that asks for it. */
  elastic: z.boolean().optional(),
  planDelayMs: notNegative.default(300),
  /** From `atS` on this node takes `slowness` times its usual latency, and does not say so. */
  drift: z.array(z.object({ atS: notNegative, node: z.string(), slowness: positive })).default([]),
  seed: z.number().int(),
})

export type Trace = z.infer<typeof trace>
export type Told = z.infer<typeof told>
export type NodeClass = z.infer<typeof classSchema>
export type Starts = 'awake' | 'resting' | 'cold'
