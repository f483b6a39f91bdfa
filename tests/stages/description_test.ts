/** What is wrong in a `tensors` task is said of the place where it stands, and of what was meant. */
import { deepEqual, throws } from 'node:assert/strict'
import { taskSchema } from '../../src/pipeline/schema.ts'
import { describe } from '../../src/stages/tensors/description.ts'
import { applyStep } from '../../src/stages/tensors/steps.ts'

const variants = { only: { accuracy: 1, model: 'own.onnx' } }
const LONG = 'x'.repeat(129)

for (
  const [said, path, fault] of [
    [
      { answer: { a: { from: 'y', do: [{ reshap: [1] }] } } },
      'answer.a.do.0',
      /^must be one of re/,
    ],
    [
      { answer: { a: { from: 'y', do: [{ multiply: '2' }] } } },
      'answer.a.do.0',
      /multiply, divide/,
    ],
    [{ answer: { a: 5 } }, 'answer.a', /expected object, received number/],
    [{ answer: { [LONG]: 'y' } }, `answer.${LONG}`, /^must be 1 to 128 characters$/],
    [{ feed: { x: { form: 'y' } } }, 'feed.x.from', /expected string, received undefined/],
    [{ feed: { x: { from: 'y', do: [{ divide: 0 }] } } }, 'feed.x.do.0.divide', /must not be 0/],
    [{ feed: { x: { value: '1' } } }, 'feed.x.value', /expected number, received string/],
    [{ give: { b: { tensors: { x: { from: 'y', do: {} } } } } }, 'give.b.tensors.x.do', /array/],
    [{ takes: { x: { shape: ['N', 3] } } }, 'takes.x.shape.0', /^must be a size, or -1 where/],
    [{ takes: { '': { shape: [1] } } }, 'takes.', /^must be 1 to 128 characters$/],
  ] as [object, string, RegExp][]
) {
  Deno.test(`a description says what is wrong with ${JSON.stringify(said).slice(0, 60)}`, () => {
    const task = taskSchema.parse({ kind: 'tensors', variants, ...said })
    throws(() => describe(task), { name: 'DescriptionError', path, fault })
  })
}

Deno.test('argmax of nothing is no place, and of no rows none', () => {
  const none = (...dims: number[]) =>
    applyStep({ argmax: 1 }, { type: 'float32', dims, data: new Float32Array() })
  throws(() => none(2, 0), /of nothing none is the largest: found float32 \[2,0\]/)
  deepEqual(none(0, 2).dims, [0])
})
