/**
 * `deno task documents`: the PDFs and pictures of a folder, read by the pool.
 *
 * @module
 */
import './deno_version.ts'
import { type Client, createClient, ShoalError } from '../client/mod.ts'
import { jobPath } from '../client/job_facts.ts'
import { outputStems } from '../client/output_names.ts'
import { plural } from '../pages/format.ts'
import { type DocumentsArgs, readDocumentsArgs, USAGE } from './documents/args.ts'
import { Progress } from './documents/progress.ts'
import { Run } from './documents/run.ts'
import { FolderState, isVersion, type OpenJob } from './documents/state.ts'
import { type Found, leftOutLine, walk } from './documents/walk.ts'
import { createEnding } from './ending.ts'

/** What the coordinator takes of one file. */
const MOST_FILE_BYTES = 256 * 1024 * 1024
/** Lines at the end of what could not be read. */
const MOST_FAULTS = 200
const PARTLY = 2
const CANCELLED = 130

function fail(message: string): never {
  console.error(message)
  Deno.exit(1)
}

async function main(args: DocumentsArgs): Promise<number> {
  const { url, key, outputs, to } = args
  const { found, leftOut } = await documentsIn(args)
  const line = leftOutLine(leftOut)
  if (line !== undefined) console.error(line)
  if (found.length === 0) fail(`Cannot read ${args.from}: no PDF and no picture is in it`)
  const client = createClient(url, key === undefined ? {} : { key })
  await checkServed(client, args)
  await Deno.mkdir(to, { recursive: true })
  const state = await FolderState.read(to)

  const open = await openJobs(client, args, state)
  const toRead: Found[] = []
  let [read, underWay] = [0, 0]
  const versions = new Map(open.flatMap(({ documents }) => documents.map((one) => [one.name, one])))
  for (const one of found) {
    const version = versions.get(one.name)
    if (await state.has(one, outputs)) read++
    else if (version !== undefined && await isVersion(one, version)) underWay++
    else toRead.push(one)
  }
  console.log([
    `${plural(toRead.length, 'document')} to read`,
    ...read > 0 ? [`${read} read before`] : [],
    ...underWay > 0 ? [`${underWay} under way`] : [],
  ].join(', '))
  if (toRead.length === 0 && open.length === 0) return 0

  const write = (text: string) => void Deno.stdout.writeSync(new TextEncoder().encode(text))
  const progress = new Progress({
    isTerminal: Deno.stdout.isTerminal(),
    write,
    nowMs: () => performance.now(),
  })
  const names = [...new Set([...found.map(({ name }) => name), ...versions.keys()])]
  const stems = outputStems(names)
  const stemOf = new Map(names.map((name, i) => [name, stems[i]!]))
  const interruption = new AbortController()
  const end = createEnding(() => interruption.abort(new DOMException('Cancelled', 'AbortError')))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    Deno.addSignalListener(signal, () => end(signal))
  }
  const run = new Run(
    {
      client,
      state,
      progress,
      signal: interruption.signal,
      target: { url, folder: to, stemOf, ...key === undefined ? {} : { key } },
      order: args,
    },
    toRead,
    open,
  )
  try {
    if (args.detach) {
      const left = await run.detach()
      progress.end()
      console.log(
        `${
          plural(toRead.length - left, 'document')
        } handed in; the same command fetches what is read`,
      )
      if (left === 0) return 0
      fail(`${left} were not taken: the coordinator has as much as it takes. Try again later`)
    }
    const { written, faulty, faults } = await run.follow()
    progress.end()
    const bad = faulty === 0 ? '' : `, ${faulty} could not be read, or not all of their pages`
    console.log(
      `${plural(written, 'document')} written to ${to}${bad}${faults.length > 0 ? ':' : ''}`,
    )
    tellFaults(faults)
    return faulty === 0 ? 0 : PARTLY
  } catch (error) {
    progress.end()
    if (!interruption.signal.aborted) throw error
    await run.cancel()
    const { written, faults } = run.outcome
    console.log(
      `cancelled: ${plural(written, 'document')} written; the same command goes on from there`,
    )
    tellFaults(faults)
    return CANCELLED
  }
}

function tellFaults(faults: readonly string[]): void {
  const shown = faults.slice(0, MOST_FAULTS)
  if (faults.length > shown.length) shown.push(`and ${faults.length - shown.length} more`)
  for (const line of shown) console.log(line)
}

async function documentsIn({ from, to }: DocumentsArgs) {
  const found = await Deno.stat(from).catch(() =>
    fail(`Cannot read ${from}: there is no such folder`)
  )
  if (!found.isDirectory) fail(`Cannot read ${from}: it is no folder`)
  if (from === to) {
    fail(`Cannot write to ${to}: what is read would take the place of the documents themselves`)
  }
  return await walk(from, to, MOST_FILE_BYTES)
}

async function checkServed(client: Client, { url, pipeline }: DocumentsArgs): Promise<void> {
  const served = await client.getPipelines().catch((error: ShoalError) => {
    const { status, message } = error
    if (status === 0) return fail(`Cannot reach ${url}: is a coordinator started there?`)
    if (status !== 401 && status !== 403) return fail(`Cannot ask ${url}: ${message}`)
    return fail(`Cannot ask ${url}: ${message}. Give it with --key KEY, or in SHOAL_CLIENT_KEY`)
  })
  const names = served.map(({ name }) => name)
  if (names.includes(pipeline)) return
  fail(
    `Cannot read documents at ${url}: it does not serve the pipeline ${pipeline}, but ` +
      `${names.join(', ') || 'none'}. deno task start serves it where it is given no --pipeline`,
  )
}

/** Those of an earlier run that the coordinator still has. */
async function openJobs(
  client: Client,
  { url, outputs }: DocumentsArgs,
  state: FolderState,
): Promise<OpenJob[]> {
  const open: OpenJob[] = []
  for (const job of state.jobsAt(url)) {
    const there = await client.request('GET', jobPath(job.id)).then(() => true, (error) => {
      if (error instanceof ShoalError && error.status === 404) return false
      throw error
    })
    if (!there) await state.ended(job)
    else if (outputs.every((output) => job.outputs.includes(output))) open.push(job)
  }
  return open
}

function argsOf(): DocumentsArgs {
  try {
    const args = readDocumentsArgs(Deno.args, new Date())
    if (args !== undefined) return args
  } catch (error) {
    fail(`${(error as Error).message}\n\n${USAGE}`)
  }
  console.log(USAGE)
  Deno.exit(0)
}

Deno.exit(await main(argsOf()).catch((error: Error) => fail(error.message)))
