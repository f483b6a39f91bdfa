/** Scores that are no shares of 1 are the file's fault: no result, for which a node would be blamed. */
import { equal, ok, rejects } from 'node:assert/strict'
import type { Task, Variant } from '../../src/pipeline/schema.ts'
import { stages } from '../../src/stages/stages.ts'
import type { JsonObject, StageItem, Tensor } from '../../src/stages/types.ts'

const [WIDTH, HEIGHT] = [8, 8]
const crop: StageItem = {
  meta: { format: 'rgb', width: WIDTH, height: HEIGHT },
  bytes: new Uint8Array(3 * WIDTH * HEIGHT),
}

/** What the kind makes of a model that gives this. */
async function run(kind: string, said: object, dims: number[], values: number[]) {
  const variant = { accuracy: 1, input: { width: WIDTH, height: HEIGHT }, ...said } as Variant
  const task = {
    kind,
    next: [],
    labels: ['a', 'b'],
    variants: { only: variant },
  } as unknown as Task
  const y: Tensor = { type: 'float32', dims, data: Float32Array.from(values) }
  const [result] = await stages[kind]!.run([crop], {
    ...{ task, variant, next: task.next, crops: 'raw' as const, codecs: undefined as never },
    model: { inputNames: ['x'], outputNames: ['y'], run: () => Promise.resolve({ y }) },
  })
  ok(result?.ok)
  return result.fields
}

Deno.test('probabilities that are none are told as such, and what to write instead', async () => {
  const named = (values: number[]) =>
    run('image-classification', { output: { scores: 'probabilities' } }, [1, 2], values)
  equal((await named([0.25, 0.75]))!['confidence'], 0.75)
  // As floats sum up.
  equal((await named([0, 1.0001]))!['confidence'], 1)
  await rejects(named([1, 3]), /^TypeError: Cannot read scores: found 3, .*may be logits$/)

  const found = async (score: number) => {
    const fields = await run('object-detection', { boxes: { format: 'corners' } }, [1, 1, 6], [
      ...[1, 1, 7, 7, score, 0],
    ])
    return (fields!['found'] as JsonObject[])[0]!['score']
  }
  equal(await found(0.5), 0.5)
  await rejects(found(5), /Cannot read scores: found 5, .*sigmoid/)

  const read = (probability: number) => {
    const step = new Array<number>(96).fill(0)
    step[0x41 - 0x1f] = probability
    return run('text-recognition', {}, [1, 1, 96], step)
  }
  equal((await read(0.5))!['text'], 'A')
  await rejects(read(9), /Cannot read scores: found 9, .*softmax/)
})
