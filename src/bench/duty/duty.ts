/**
 * Whether a node keeps to the share of time that its volunteer gives: CPU time of the process under
 * more load than it can carry. Linux only, where the kernel tells a process's CPU time.
 *
 * @module
 */
import { SAMPLE_PAGE, startServing } from '../../cli/serve/serving.ts'
import { cpuSeconds } from '../child.ts'

const DUTIES = [0.25, 0.5, 1]
const SETTLE_MS = 20_000
const WINDOW_MS = 20_000
const CLIENTS = 4
/** Waiting beyond this share of the time is no quiet machine. */
const QUIET_SHARE = 0.03

/**
 * Time that threads of a process were ready and got no processor: what neighbours take of it. With
 * much of this a figure says nothing, since a rest is counted from wall time.
 */
export async function waitedSeconds(pid: number): Promise<number> {
  let nanoseconds = 0
  for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
    const text = await Deno.readTextFile(`/proc/${pid}/task/${name}/schedstat`).catch(() => '')
    nanoseconds += Number(text.split(' ')[1] ?? 0)
  }
  return nanoseconds / 1e9
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

async function shareAt(duty: number, page: Uint8Array<ArrayBuffer>) {
  const serving = await startServing()
  try {
    const node = await serving.addNode('duty', ['--slots', '1', '--duty', String(duty)])
    // What it measures while idle is the volunteer's time too, but another figure.
    await pause(SETTLE_MS)
    const over = new AbortController()
    let answered = 0
    const client = async () => {
      while (!over.signal.aborted) {
        const response = await fetch(`${serving.url}/v1/pipelines/ocr/infer`, {
          method: 'POST',
          headers: { 'content-type': 'image/jpeg', 'x-request-timeout-ms': '60000' },
          body: page,
          signal: over.signal,
        }).catch((error) => {
          if (!over.signal.aborted) throw error
        })
        if (response === undefined) return
        await response.body?.cancel()
        if (response.ok) answered++
        else await pause(100)
      }
    }
    const clients = Array.from({ length: CLIENTS }, client)
    await pause(2000)
    const [startCpuS, startWaitS] = [cpuSeconds(node.pid), await waitedSeconds(node.pid)]
    const startMs = performance.now()
    await pause(WINDOW_MS)
    const elapsedS = (performance.now() - startMs) / 1000
    const share = (cpuSeconds(node.pid) - startCpuS) / elapsedS
    const waited = (await waitedSeconds(node.pid) - startWaitS) / elapsedS
    over.abort()
    await Promise.all(clients)
    const percent = (part: number) => Math.round(1000 * part) / 10
    return {
      duty,
      cpuPercent: percent(share),
      offByPoints: percent(share - duty),
      waitedPercent: percent(waited),
      answered,
    }
  } finally {
    await serving.end()
  }
}

export async function benchDuty() {
  if (Deno.build.os !== 'linux') {
    console.log('skipped: only Linux tells the CPU time of another process')
    return null
  }
  const page = await Deno.readFile(SAMPLE_PAGE)
  const rows = []
  for (const duty of DUTIES) rows.push(await shareAt(duty, page))
  console.table(rows)
  if (rows.some(({ waitedPercent }) => waitedPercent > 100 * QUIET_SHARE)) {
    console.log(
      'not a quiet machine: the node waited for a processor, and its rests grew with that',
    )
  }
  return rows
}
