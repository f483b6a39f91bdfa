/**
 * Bounds and paces of jobs.
 *
 * @module
 */
const SECOND_MS = 1000
const HOUR_MS = 3600 * SECOND_MS
const DAY_MS = 24 * HOUR_MS
const MIB = 1024 * 1024

export const JOBS = {
  // Inputs.
  fileBytes: 256 * MIB, // one file; a document is opened as a whole, in memory of a worker
  jobBytes: 2048 * MIB, // all files of a job
  diskBytes: 20 * 1024 * MIB, // all that jobs and files hold on disk
  inputShare: 3 / 4, // of it, up to which anything is handed in: the rest is for what comes of it
  answerBytes: MIB, // room for an answer before a part is submitted: few answers are larger
  documents: 1000, // files of a job
  documentsKept: 50_000, // of all jobs that are kept: their rows are in memory
  pages: 20_000, // of one document
  lines: 50_000, // requests of a batch, as OpenAI has it
  openings: 2, // times that the coordinator ends while it opens a document; then that is set aside
  linesMs: 120 * SECOND_MS, // to read the file of a batch in its worker; of 256 MiB that takes seconds
  active: 100, // jobs that have not ended
  kept: 1000, // jobs in all
  files: 1000, // files of /v1/files: those there, and those to be made of batches
  filesOfBatch: 2, // made of each: its answers, its errors
  uploads: 16, // at once
  uploadStepMs: 60 * SECOND_MS, // in each such time of an upload ...
  uploadStepBytes: 65_536, // ... so much of its files comes, or it is ended: a modem sends four times that
  keptMs: 7 * DAY_MS, // after its end a job is removed, after its upload a file that no job needs

  // Due times.
  farthestMs: 30 * DAY_MS, // most time until `by`
  usualMs: DAY_MS, // over which the parts of a job without `by` are spread
  leastMs: 30 * SECOND_MS, // that a part is given, be `by` ever so near
  mostMs: 7 * DAY_MS, // that a part is given; messages to nodes carry 11 days at most
  margin: 1.25, // times the pace that is needed: nodes may leave
  windowPerSlot: 2, // parts in the pool: one that runs, one that waits for each slot
  leastWindow: 2, // parts, whatever the pool is like
  tries: 3, // of a part or page that fails for no reason of its own
  retryMs: SECOND_MS, // before the first further try; doubled with each
  mostRetryMs: 30 * SECOND_MS, // before a further one
  answerMs: 2 * SECOND_MS, // that the answer to POST waits for pages to be counted
  rateMs: 120 * SECOND_MS, // window over which pages are counted for the estimate

  idleMs: 60 * SECOND_MS, // after the last call of the documents' worker: its memory is given back

  // Webhooks.
  webhookMs: 15 * SECOND_MS, // for one call
  webhookWaitsMs: [5, 30, 120, 600, 3600, 21_600].map((s) => s * SECOND_MS), // before each retry
  progressMs: 60 * SECOND_MS, // between calls about progress

  // Events.
  listeners: 64, // of all jobs
  eventsBehind: 2000, // pages that a listener may be behind before it is let go
}
