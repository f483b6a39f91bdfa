/** Lengths, rates and bounds of `deno task bench documents`. @module */

export const DOCUMENTS = {
  pages: 600,
  mostPages: 800, // of 280 kB each on average: the coordinator takes files of 256 MiB
  byMs: 12 * 3_600_000, // from when the job is handed in: nothing of it is in a hurry

  killEachS: 60, // between one node's end and the next
  aloneKills: 2, // times that, in which queries are asked without the job
  calmKills: 3, // times that, in which nobody is killed beside the job
  restartAt: 0.5, // share of the pages that are done when the coordinator is killed

  queryEachS: 2, // interactive queries, on average
  sloMs: 5000, // of `ocr`

  progressMs: 10_000, // between lines that say how far it is
  memoryMs: 5000, // between looks at the memory of processes
  lookMs: 1000, // between looks at how many nodes serve
  againMs: 250, // before a coordinator that does not answer is asked again
  joinMs: 180_000, // until a node holds all models, on a machine that is busy

  seed: 600,
}

/** Parts of the run that can be had apart. */
export const ONLY = ['pool', 'peers'] as const
