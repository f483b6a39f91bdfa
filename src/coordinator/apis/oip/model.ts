/**
 * A pipeline as a model of the Open Inference Protocol. Inputs are pictures, texts or tensors.
 * Outputs are each field of each list as a tensor with a row for each entry, the number of rows of
 * each picture, and the whole answer as JSON. Fields that are tensors are joined along their first
 * axis.
 *
 * @module
 */
import { takesText } from '../../../pipeline/generate.ts'
import type { Pipeline } from '../../../pipeline/schema.ts'
import { answerTensors, queryTensors, type Takes } from '../../../pipeline/takes.ts'
import { TENSOR_TYPES } from '../../../pipeline/tensor.ts'
import { ApiError } from '../../core/api_error.ts'
import { entriesOf, type ModelOutput, type TensorInfo } from './model_output.ts'
import { tensorOutput } from './tensor_output.ts'
import type { Datatype } from './tensors.ts'

export interface Model {
  pipeline: Pipeline
  /** Tensors that a query has; absent where it has pictures or texts. */
  takes: Takes | undefined
  text: boolean
  inputs: TensorInfo[]
  outputs: ModelOutput[]
}

export const PLATFORM = 'onnx_onnxv1'
export const INPUT = 'image'
export const TEXT_INPUT = 'text'

/** Types of known fields; others travel as JSON text. */
const FIELDS: Record<string, { datatype: Datatype; row: number[] }> = {
  text: { datatype: 'BYTES', row: [] },
  label: { datatype: 'BYTES', row: [] },
  kind: { datatype: 'BYTES', row: [] },
  confidence: { datatype: 'FP32', row: [] },
  score: { datatype: 'FP32', row: [] },
  box: { datatype: 'FP32', row: [4, 2] },
}

export function modelOf(pipeline: Pipeline): Model {
  const lists = Object.entries(pipeline.output ?? {})
  const taken = new Set(['result', ...(lists.length === 1 ? ['count'] : [])])
  /** The name of a field: short where only one list has the field. */
  const nameOf = (list: string, field: string) => {
    const shared = lists.filter(([, { with: fields }]) => fields.includes(field)).length > 1
    return shared || taken.has(field) ? `${list}.${field}` : field
  }
  const takes = queryTensors(pipeline)
  const text = takesText(pipeline)
  let onlyTensors = lists.length > 0
  const outputs = lists.flatMap(([list, { each, with: fields, only }]): ModelOutput[] => {
    if (only) return [onlyOutput(list)]
    const tensors = answerTensors(pipeline.tasks[each])
    onlyTensors &&= fields.every((field) => Object.hasOwn(tensors, field))
    // The root always has one entry.
    const alone = each === pipeline.root && takes !== undefined
    const own = fields.map((field) => {
      const name = nameOf(list, field)
      const spec = Object.hasOwn(tensors, field) ? tensors[field] : undefined
      return spec === undefined
        ? fieldOutput(name, list, field)
        : tensorOutput(name, list, field, spec, alone)
    })
    return alone ? own : [...own, countOutput(lists.length === 1 ? 'count' : `${list}.count`, list)]
  })
  return {
    ...{ pipeline, takes, text },
    inputs: takes === undefined
      ? [{ name: text ? TEXT_INPUT : INPUT, datatype: 'BYTES', shape: [-1] }]
      : Object.entries(takes).map(([name, { type, shape }]) => ({
        ...{ name, datatype: TENSOR_TYPES[type].datatype, shape: [...shape] },
      })),
    // Tensors are not repeated as text.
    outputs: onlyTensors ? outputs : [...outputs, resultOutput()],
  }
}

function fieldOutput(name: string, list: string, field: string): ModelOutput {
  const known = Object.hasOwn(FIELDS, field)
  const { datatype, row } = known ? FIELDS[field]! : { datatype: 'BYTES' as const, row: [] }
  const size = row.reduce((product, side) => product * side, 1)
  return {
    ...{ name, datatype, shape: [-1, ...row] },
    read(pictures) {
      const entries = entriesOf(pictures, list)
      const data = entries.flatMap((entry): (string | number)[] => {
        const value = entry[field]
        if (!known) return [JSON.stringify(value ?? null)]
        if (datatype === 'BYTES') {
          return [isObject(value) ? JSON.stringify(value) : String(value ?? '')]
        }
        const numbers = [value].flat(Infinity).map((one) => isObject(one) ? NaN : Number(one ?? 0))
        if (numbers.length === size && numbers.every(Number.isFinite)) return numbers
        // A node sent a value of another type.
        throw new ApiError('node_failed', `Cannot give ${name}: a node sent no ${size} numbers`)
      })
      return { name, datatype, shape: [entries.length, ...row], data }
    },
  }
}

/** Objects can be made neither a text nor a number. */
const isObject = (value: unknown) => typeof value === 'object' && value !== null

const countOutput = (name: string, list: string): ModelOutput => ({
  ...{ name, datatype: 'INT32', shape: [-1] },
  read: (pictures) => ({
    ...{ name, datatype: 'INT32', shape: [pictures.length] },
    data: pictures.map((picture) => entriesOf([picture], list).length),
  }),
})

/** The output of the one item of a query, as JSON. */
const onlyOutput = (list: string): ModelOutput => ({
  ...{ name: list, datatype: 'BYTES', shape: [-1] },
  read: (pictures) => ({
    ...{ name: list, datatype: 'BYTES', shape: [pictures.length] },
    data: pictures.map((picture) => JSON.stringify(picture[list] ?? null)),
  }),
})

const resultOutput = (): ModelOutput => ({
  ...{ name: 'result', datatype: 'BYTES', shape: [-1] },
  read: (pictures) => ({
    ...{ name: 'result', datatype: 'BYTES', shape: [pictures.length] },
    data: pictures.map((picture) => JSON.stringify(picture)),
  }),
})
