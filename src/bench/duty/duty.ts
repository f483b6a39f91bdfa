/**
 * Whether a node keeps to the share of time that its volunteer gives: CPU time of the process under
 * more load than it can carry. Linux only, where the kernel tells a process's CPU time.
 * @module
 */
import { SAMPLE_PAGE, startServing } from '../../cli/serve/serving.ts'
import { cpuSeconds } from '../child.ts'
import { clients, ending, infer, pause, round } from '../tools.ts'

const DUTIES = [0.25, 0.5, 1]
const SETTLE_MS = 20_000
const WINDOW_MS = 20_000
const CLIENTS = 4
/** Until the load is under way. */
const BEGUN_MS = 2000
/** Also a node that rests three quarters of the time answers within this. */
const TIMEOUT_MS = 60_000

/**
 * Time that threads of a process were ready and got no processor: what neighbours take of it. With
 * much of this a figure says nothing, since a rest is counted from wall time.
 */
async function waitedSeconds(pid: number): Promise<number> {
  let nanoseconds = 0
  for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
    const text = await Deno.readTextFile(`/proc/${pid}/task/${name}/schedstat`).catch(() => '')
    nanoseconds += Number(text.split(' ')[1] ?? 0)
  }
  return nanoseconds / 1e9
}

/** More load than a node of `ocr` can carry. Resolves once it is under way. */
export async function saturate(url: string) {
  const page = await Deno.readFile(SAMPLE_PAGE)
  const over = new AbortController()
  const { signal } = over
  const all = clients(CLIENTS, async () => {
    while (!signal.aborted) {
      const response = await infer(url, 'ocr', page, { timeoutMs: TIMEOUT_MS, signal })
        .catch((error) => {
          if (!signal.aborted) throw error
        })
      await response?.body?.cancel()
      if (!response?.ok && !signal.aborted) await pause(100)
    }
  })
  await pause(BEGUN_MS)
  return {
    async end() {
      over.abort()
      await all
    },
  }
}

async function shareAt(duty: number) {
  const serving = await startServing()
  await using _ = ending(serving)
  const { pid } = await serving.addNode('duty', ['--slots', '1', '--duty', String(duty)])
  // What it measures while idle is the volunteer's time too, but another figure.
  await pause(SETTLE_MS)
  const load = await saturate(serving.url)
  const [startCpuS, startWaitS] = [cpuSeconds(pid), await waitedSeconds(pid)]
  const startMs = performance.now()
  await pause(WINDOW_MS)
  const elapsedS = (performance.now() - startMs) / 1000
  const share = (cpuSeconds(pid) - startCpuS) / elapsedS
  const waited = (await waitedSeconds(pid) - startWaitS) / elapsedS
  await load.end()
  const percent = (part: number) => round(100 * part, 1)
  return {
    ...{ duty, cpuPercent: percent(share), offByPoints: percent(share - duty) },
    waitedPercent: percent(waited),
  }
}

export async function bench() {
  if (Deno.build.os !== 'linux') {
    console.log('skipped: only Linux tells the CPU time of another process')
    return null
  }
  const rows = []
  for (const duty of DUTIES) rows.push(await shareAt(duty))
  return rows
}
