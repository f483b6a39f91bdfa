/**
 * `deno task test`: every suite, its time, and one closing line `N passed, N failed, N skipped`.
 *
 * A suite is a folder of `tests/`. Name some to run only those: `deno task test policy node`. `--all`
 * runs long tests, too. Three suites run beside each other, the longest first and in parts; the output of
 * each is shown when it is over, and the failures once more at the end. A few tests that failed are run
 * again, each alone, when all else is over: a test that passes then is flaky, which the closing line
 * counts apart. Under `--all` none is run again.
 *
 * @module
 */
import { requireDeno } from './deno_version.ts'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type FailureOf, runAgain } from './test/again.ts'
import { ALL_TESTS } from './test/all.ts'
import { countJunit, type Counts, type Failure, failuresOf } from './test/junit.ts'
import { ROOT } from './root.ts'
import { findParts, type Part } from './test/parts.ts'
import { suiteFault } from './test/suite_fault.ts'
import { provideTestNeeds } from './test/needs.ts'

/** Before, caches list no keys, and earlier much else is missing that tests look with. */
const LEAST_DENO_OF_TESTS = '2.9.2'

/** A suite that hangs must not hang the rest. */
const SUITE_LIMIT_MS = 14 * 60_000
/** Nor must one test that is run again. */
const AGAIN_LIMIT_MS = 3 * 60_000

/**
 * Suites that take longest, so that none of them is left for the end. Those that start browsers and
 * many processes come beside such as compute on one processor.
 */
const LONGEST = [
  ...['browser', 'chaos', 'policy', 'sim', 'cli', 'coordinator', 'node', 'stages', 'profiles'],
  ...['demo', 'conformance', 'fuzz', 'types', 'peers', 'client'],
]
/** Those that would be under way still when the others are over, were they run in one go. */
const PARTS: Record<string, number> = {
  browser: 2,
  chaos: 2,
  policy: 2,
  sim: 2,
  cli: 3,
  coordinator: 2,
  node: 2,
}
/**
 * Suites in which a test fails that leaves a timer or a call behind: what it tests would leave that, too.
 * In the others what browsers, the bundler and processes that were started leave ends a moment later.
 */
const TIDY = ['client', 'coordinator', 'protocol']
/**
 * Suites whose files have a program each. Some of theirs run the engine on their own thread, where it
 * puts Node's `Worker` in place of the web's, which others start.
 */
const APART = ['node', 'stages']
/** Suites that ask for what this machine may lack, while it is fetched the others run. */
const NEEDING = ['browser', 'browsers', 'chaos', 'demo', 'node']
/** Suites of what a pool does on a machine that does nothing else: they run when the others are over. */
const QUIET = ['quiet']
/** Suites wait for a third of their time: one more of them runs than there are processors. */
const LANES = Math.min(2, navigator.hardwareConcurrency) + 1

/**
 * For all that a suite starts, too. V8 compiles WebAssembly quickly at first, and once more with care
 * what has run for a while. The nodes and workers of tests live for seconds and by default spend a fifth
 * to a half of their time on code that they hardly run again. What batches spend their time in is
 * compiled with care as before. V8 ends a process over a flag that it does not know: later ones have none.
 */
const KNOWN_V8 = 15
const ENGINE_FLAGS: Record<string, string> = Number.parseInt(Deno.version.v8) <= KNOWN_V8
  ? { DENO_V8_FLAGS: '--wasm-tiering-budget=200000000' }
  : {}

interface Ran {
  ok: boolean
  output: string
}

/** Runs Deno; all that it printed, in the order that it did. */
async function run(
  args: string[],
  env: Record<string, string> = {},
  limitMs = SUITE_LIMIT_MS,
): Promise<Ran> {
  const child = new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    env: { ...ENGINE_FLAGS, ...env },
    stdin: 'null',
    stdout: 'piped',
    stderr: 'piped',
  }).spawn()
  let output = ''
  const collect = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder()
    for await (const bytes of stream) output += decoder.decode(bytes, { stream: true })
  }
  const printed = Promise.all([collect(child.stdout), collect(child.stderr)])
  let ended = ''
  const timer = setTimeout(() => {
    ended = `\nended after ${limitMs / 60_000} minutes without a result\n`
    child.kill('SIGKILL')
  }, limitMs)
  const { success } = await child.status
  clearTimeout(timer)
  // Children of a suite that was ended may hold its output open.
  if (ended === '') await printed
  return { ok: success, output: output + ended }
}

interface SuiteRun extends Counts {
  output: string
  failures: Failure[]
}

/** As `deno test` calls it. */
const BESIDE_TESTS = '(uncaught error)'

/** Where no test says what was wrong. */
const ofItself = (output: string): Failure => ({
  name: 'the suite itself',
  text: suiteFault(output),
})

/**
 * All files of a part in one program, which imports them: to load for each anew what they share takes as
 * long as a third of the tests.
 */
async function writeProgram(part: Part, temp: string): Promise<string> {
  const path = join(temp, `${part.suite}_${part.place}_test.ts`)
  const urls = part.files.map((file) => pathToFileURL(join(ROOT, file)).href)
  await Deno.writeTextFile(path, urls.map((url) => `import '${url}'\n`).join(''))
  return path
}

async function runPart(
  part: Part,
  temp: string,
  all: boolean,
  filter?: string,
): Promise<SuiteRun> {
  const name = part.suite
  if (name === 'types') {
    const paths = ['src', 'workers', 'profiles', 'demo', 'tests']
    const { ok, output } = await run(['check', '--quiet', ...paths])
    const failures = ok ? [] : [ofItself(output)]
    return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0, onlyWithAll: 0, output, failures }
  }
  const report = join(temp, `${name}_${part.place}.xml`)
  const { ok, output } = await run(
    [
      ...['test', '-A', '--no-check', '--quiet', `--config=${join(ROOT, 'deno.json')}`],
      ...[`--junit-path=${report}`, ...TIDY.includes(name) ? ['--sanitize-ops'] : []],
      ...filter === undefined ? [] : [`--filter=${filter}`],
      ...APART.includes(name) ? part.files : [await writeProgram(part, temp)],
    ],
    { [ALL_TESTS.variable]: all ? ALL_TESTS.value : '' },
    filter === undefined ? SUITE_LIMIT_MS : AGAIN_LIMIT_MS,
  )
  const xml = await Deno.readTextFile(report).catch(() => '')
  const counts = countJunit(xml)
  const failures = failuresOf(xml)
  // A file that does not even load has no test case to fail, and an error beside tests is none's.
  if (!ok && (counts.failed === 0 || output.includes(BESIDE_TESTS))) {
    counts.failed++
    failures.push(ofItself(output))
  }
  return { ...counts, output, failures }
}

async function findSuites(): Promise<Map<string, Part[]>> {
  const suites = new Map([['types', [{ suite: 'types', place: 1, of: 1, files: [] as string[] }]]])
  for await (const entry of Deno.readDir(join(ROOT, 'tests'))) {
    if (!entry.isDirectory) continue
    const parts = await findParts(entry.name, PARTS[entry.name] ?? 1)
    if (parts.length > 0) suites.set(entry.name, parts)
  }
  const rank = (name: string) => (LONGEST.indexOf(name) + 100) % 100
  return new Map([...suites].sort().sort(([a], [b]) => rank(a) - rank(b)))
}

const usage = (suites: readonly string[]) =>
  `deno task test [--all] [SUITE...]; every suite if none is named
There are ${suites.join(', ')}.
--all runs what takes long, too: more seeds, more repetitions.
What browsers and drivers tests need is installed where root has apt-get; SHOAL_INSTALL=0 leaves the
machine as it is, and what needs them is skipped.`

function tell(what: string, failures: readonly FailureOf[]) {
  const told = failures.map(({ part, name, text }) => `${part.suite}: ${name}\n${text}`)
  if (told.length > 0) console.log(`${what}:\n\n${told.join('\n\n')}\n`)
}

async function main() {
  requireDeno(LEAST_DENO_OF_TESTS, 'testing Shoal')
  const found = await findSuites()
  const suites = [...found.keys()]
  if (Deno.args.includes('--help')) return console.log(usage(suites))
  const all = Deno.args.includes('--all')
  const named = Deno.args.filter((arg) => arg !== '--all')
  const unknown = named.filter((name) => !suites.includes(name))
  if (unknown.length > 0) {
    console.error(`Cannot run ${unknown.join(', ')}: there are ${suites.join(', ')}`)
    Deno.exit(1)
  }
  const wanted = named.length > 0 ? suites.filter((s) => named.includes(s)) : suites
  const temp = await Deno.makeTempDir()
  const total: Counts = { passed: 0, failed: 0, skipped: 0, onlyWithAll: 0 }
  const rows: string[] = []
  const failures: FailureOf[] = []
  const partsOf = (suites: string[]) => suites.flatMap((name) => found.get(name)!)
  const waiting = partsOf(wanted.filter((name) => !QUIET.includes(name)))
  const quiet = partsOf(wanted.filter((name) => QUIET.includes(name)))
  let provided = false
  const providing = provideTestNeeds(all, console.log).then(() => void (provided = true))

  async function next(): Promise<Part | undefined> {
    const ready = waiting.findIndex(({ suite }) => provided || !NEEDING.includes(suite))
    if (ready < 0 && waiting.length > 0) await providing
    return waiting.splice(Math.max(ready, 0), 1)[0]
  }

  async function lane() {
    for (let part = await next(); part !== undefined; part = await next()) {
      const startedMs = performance.now()
      const ran = await runPart(part, temp, all)
      const name = part.of === 1 ? part.suite : `${part.suite} ${part.place}/${part.of}`
      const { passed, skipped, output } = ran
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
      console.log(`\n== ${name}, ${seconds} s\n${output}`)
      rows.push(
        `${name.padEnd(14)} ${seconds.padStart(7)} s  ${passed} passed, ${ran.failed} failed` +
          (skipped > 0 ? `, ${skipped} skipped` : ''),
      )
      failures.push(...ran.failures.map((failure) => ({ part, ...failure })))
      total.passed += passed
      total.failed += ran.failed
      total.skipped += skipped
      total.onlyWithAll += ran.onlyWithAll
    }
  }

  console.log(`running ${wanted.join(', ')}`)
  await Promise.all(Array.from({ length: LANES }, lane))
  waiting.push(...quiet)
  await lane()
  const flaky = all ? [] : await runAgain(failures, async (part, filter) => {
    const ran = await runPart(part, temp, all, filter)
    console.log(`\n== ${part.suite}, again\n${ran.output}`)
    return ran.failed === 0 && ran.passed > 0
  })
  total.failed -= flaky.length
  await Deno.remove(temp, { recursive: true })
  console.log(`\n${rows.sort().join('\n')}\n`)
  // Once more at the end: of a long run often only the end is read.
  tell('failed', failures.filter((failure) => !flaky.includes(failure)))
  tell('flaky: passed only when run again alone', flaky)
  if (total.onlyWithAll > 0) {
    console.log(`of those skipped, ${total.onlyWithAll} run with deno task test --all`)
  }
  console.log(
    `${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped` +
      (flaky.length > 0 ? `, ${flaky.length} flaky` : ''),
  )
  if (total.failed > 0 || total.passed + flaky.length === 0) Deno.exit(1)
}

if (import.meta.main) await main()
