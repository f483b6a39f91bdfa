import assert from 'node:assert/strict'
import type { Finished } from '../../src/coordinator/pool/answer.ts'
import { modelOf } from '../../src/coordinator/apis/oip/model.ts'
import { respond } from '../../src/coordinator/apis/oip/response.ts'
import { checkPipeline } from '../../src/pipeline/parse.ts'

const modelWith = (output: object) =>
  modelOf(checkPipeline({
    ...{ schema: 'shoal-pipeline/1', name: 'p', sloMs: 1000, root: 't' },
    tasks: { t: { variants: { v: { accuracy: 1 } } } },
    output,
  }, 'fixture'))

const names = (output: object) => modelWith(output).outputs.map(({ name }) => name)

Deno.test('modelOf() names outputs after fields, and after lists too where they would clash', () => {
  assert.deepEqual(names({}), ['result'])
  assert.deepEqual(names({ faces: { each: 't', with: ['box', 'age'] } }), [
    ...['box', 'age', 'count', 'result'],
  ])
  assert.deepEqual(
    names({ faces: { each: 't', with: ['box', 'age'] }, cars: { each: 't', with: ['box'] } }),
    ['faces.box', 'age', 'faces.count', 'cars.box', 'cars.count', 'result'],
  )
  assert.deepEqual(names({ faces: { each: 't', with: ['count', 'result'] } }), [
    ...['faces.count', 'faces.result', 'count', 'result'],
  ])
})

Deno.test('modelOf() gives fields that it does not know as JSON', () => {
  const { outputs } = modelWith({ faces: { each: 't', with: ['age', 'constructor', 'text'] } })
  const read = (at: number) => outputs[at]?.read([{ faces: [{ age: { from: 3 } }, {}] }])
  assert.deepEqual(read(0), {
    ...{ name: 'age', datatype: 'BYTES', shape: [2], data: ['{"from":3}', 'null'] },
  })
  assert.equal(outputs[1]?.datatype, 'BYTES')
  assert.deepEqual(read(2)?.data, ['', ''])
})

Deno.test('modelOf() holds a node to the shape of known fields', () => {
  const { outputs } = modelWith({ faces: { each: 't', with: ['box', 'score'] } })
  const box = [[0, 1], [2, 3], [4, 5], [6, 7]]
  assert.deepEqual(outputs[0]?.read([{ faces: [{ box }] }]).data, [0, 1, 2, 3, 4, 5, 6, 7])
  for (const bad of [[0, 1], 'wide', [[0, 1], [2, 3], [4, 5], [6, 'x']]]) {
    assert.throws(() => outputs[0]?.read([{ faces: [{ box: bad }] }]), /Cannot give box/)
  }
  const odd = { toString: 1, valueOf: 1 }
  for (const score of ['high', {}, odd]) {
    assert.throws(() => outputs[1]?.read([{ faces: [{ score }] }]), /Cannot give score/)
  }
  const [text] = modelWith({ faces: { each: 't', with: ['text'] } }).outputs
  assert.deepEqual(text?.read([{ faces: [{ text: odd }, {}] }]).data, [JSON.stringify(odd), ''])
})

Deno.test('respond() names the variants of all pictures, those of most items first, and adds up their computing', async () => {
  const stage = { task: 't', node: 'n', batch: 1, items: 1, queueMs: 1, networkMs: 1 }
  const answer = (accuracy: number, counts: { [variant: string]: number }): Finished => ({
    ...{ ok: true, accuracy, path: { t: counts }, items: [] },
    stages: Object.keys(counts).map((variant) => ({ ...stage, variant, computeMs: 2 })),
  })
  const answers = [answer(0.5, { a: 1, b: 2 }), answer(1, { b: 1, c: 1, a: 1 })]
  const response = respond(
    modelWith({}),
    { id: 'x', outputs: [], budgetMs: 100 },
    answers,
    7,
    0.5,
  )
  const { parameters } = await response.json()
  assert.equal(parameters['variant.t'], 'b,a,c')
  assert.equal(parameters.accuracy, 0.75)
  assert.match(
    response.headers.get('server-timing') ?? '',
    /energy;desc="0.5 J modelled", t;dur=10$/,
  )
})
