/**
 * A deadline is a deadline: timeouts at random from 5 ms to 5 s under more load than the pool can
 * carry; how long after its deadline does the latest answer come?
 * @module
 */
import { createRandom } from '../../sim/random.ts'
import { SAMPLE_PAGE, startServing } from '../../cli/serve/serving.ts'
import { clients, count, type Counts, ending, infer, outcomeOf, pause } from '../tools.ts'

const QUERIES = 300
const AT_ONCE = 24
/** What a refused client does before it asks again. */
const REFUSED_PAUSE_MS = 100
/** Pages read in turn first, so that the pool knows how fast it is. */
const WARM_UP = 10

export async function bench() {
  const page = await Deno.readFile(SAMPLE_PAGE)
  const serving = await startServing()
  await using _ = ending(serving)
  await serving.addNode('deadline')
  const ask = (timeoutMs: number) => infer(serving.url, 'ocr', page, { timeoutMs })
  for (let i = 0; i < WARM_UP; i++) await (await ask(60_000)).body?.cancel()
  const random = createRandom(7)
  const lateMs: number[] = []
  const outcomes: Counts = {}
  let left = QUERIES
  await clients(AT_ONCE, async () => {
    while (left-- > 0) {
      // Even in the logarithm, so that short timeouts are as frequent as long ones.
      const timeoutMs = Math.round(5 * 1000 ** random())
      const startMs = performance.now()
      const { status } = await outcomeOf(await ask(timeoutMs))
      lateMs.push(performance.now() - startMs - timeoutMs)
      count(outcomes, status)
      if (status.startsWith('503')) await pause(REFUSED_PAUSE_MS)
    }
  })
  const result = {
    ...{ queries: lateMs.length, atOnce: AT_ONCE, outcomes },
    latestAfterDeadlineMs: Math.max(...lateMs),
  }
  console.log(result)
  return result
}
