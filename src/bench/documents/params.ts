/**
 * Lengths, rates and bounds of `deno task bench documents`.
 *
 * @module
 */
const SECOND_MS = 1000
const HOUR_MS = 3600 * SECOND_MS

export const DOCUMENTS = {
  pages: 600,
  mostPages: 800, // of 280 kB each on average: the coordinator takes files of 256 MiB
  byMs: 12 * HOUR_MS, // from when the job is handed in: nothing of it is in a hurry

  killEachS: 60, // between one node's end and the next
  aloneKills: 2, // times that, in which queries are asked without the job
  calmKills: 3, // times that, in which nobody is killed beside the job
  restartAt: 0.5, // share of the pages that are done when the coordinator is killed

  queryEachS: 2, // interactive queries, on average
  sloMs: 5 * SECOND_MS, // of `ocr`

  progressMs: 10 * SECOND_MS, // between lines that say how far it is
  memoryMs: 5 * SECOND_MS, // between looks at the memory of processes
  lookMs: SECOND_MS, // between looks at who serves
  againMs: SECOND_MS / 4, // before a coordinator that does not answer is asked again
  joinMs: 180 * SECOND_MS, // until a node holds all models, on a machine that is busy

  seed: 600,
}
