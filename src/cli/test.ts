/**
 * `deno task test`: every suite, its time, and one closing line `N passed, N failed, N skipped`.
 *
 * A suite is a folder of `tests/`. Name some to run only those: `deno task test policy node`.
 *
 * @module
 */
import './deno_version.ts'
import { join } from 'node:path'
import { ROOT } from './root.ts'

interface Counts {
  passed: number
  failed: number
  skipped: number
}

/** A suite that hangs must not hang the rest. */
const SUITE_LIMIT_MS = 8 * 60_000

async function run(args: string[]): Promise<boolean> {
  const child = new Deno.Command(Deno.execPath(), { args, cwd: ROOT, stdin: 'null' }).spawn()
  const timer = setTimeout(() => {
    console.log(`ended after ${SUITE_LIMIT_MS / 60_000} minutes without a result`)
    child.kill('SIGKILL')
  }, SUITE_LIMIT_MS)
  const { success } = await child.status
  clearTimeout(timer)
  return success
}

/** Counts in the JUnit report that `deno test` writes: one `<testcase>` a test or step. */
export function countJunit(xml: string): Counts {
  const cases = xml.match(/<testcase\b[^>]*?(\/>|>[\s\S]*?<\/testcase>)/g) ?? []
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const one of cases) {
    if (/<skipped\b/.test(one)) counts.skipped++
    else if (/<(failure|error)\b/.test(one)) counts.failed++
    else counts.passed++
  }
  return counts
}

async function suite(name: string, temp: string): Promise<Counts> {
  if (name === 'types') {
    const ok = await run(['check', '--quiet', 'src', 'workers', 'profiles', 'demo', 'tests'])
    return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 }
  }
  const report = join(temp, `${name}.xml`)
  const ok = await run([
    ...['test', '-A', '--no-check', '--quiet', `--junit-path=${report}`, join('tests', name)],
  ])
  const counts = countJunit(await Deno.readTextFile(report).catch(() => ''))
  // A file that does not even load has no test case to fail.
  if (!ok && counts.failed === 0) counts.failed = 1
  return counts
}

async function main() {
  const suites = ['types']
  for await (const entry of Deno.readDir(join(ROOT, 'tests'))) {
    if (!entry.isDirectory) continue
    const files = await Array.fromAsync(Deno.readDir(join(ROOT, 'tests', entry.name)))
    if (files.some(({ name }) => name.endsWith('_test.ts'))) suites.push(entry.name)
  }
  const wanted = Deno.args.length > 0 ? suites.filter((s) => Deno.args.includes(s)) : suites.sort()
  const temp = await Deno.makeTempDir()
  const total: Counts = { passed: 0, failed: 0, skipped: 0 }
  const rows: string[] = []
  for (const name of wanted) {
    console.log(`\n== ${name}`)
    const startedMs = performance.now()
    const { passed, failed, skipped } = await suite(name, temp)
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
    rows.push(
      `${name.padEnd(14)} ${seconds.padStart(7)} s  ${passed} passed, ${failed} failed` +
        (skipped > 0 ? `, ${skipped} skipped` : ''),
    )
    total.passed += passed
    total.failed += failed
    total.skipped += skipped
  }
  await Deno.remove(temp, { recursive: true })
  console.log(`\n${rows.join('\n')}\n`)
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
  if (total.failed > 0 || total.passed === 0) Deno.exit(1)
}

if (import.meta.main) await main()
