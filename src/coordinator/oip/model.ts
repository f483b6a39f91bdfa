/**
 * A pipeline as a model of the Open Inference Protocol: pictures in; out, each field of each list as
 * a tensor with a row for each entry, how many rows are each picture's, and the whole as JSON.
 *
 * @module
 */
import type { Pipeline } from '../../pipeline/schema.ts'
import { ApiError } from '../api_error.ts'
import type { Datatype, Tensor } from './tensors.ts'

export type Outputs = Record<string, Record<string, unknown>[]>

/** As in the metadata of a model; a size of -1 varies. */
export interface TensorInfo {
  name: string
  datatype: Datatype
  shape: number[]
}

export interface ModelOutput extends TensorInfo {
  /** The tensor for these pictures, in their order. */
  read(pictures: readonly Outputs[]): Tensor
}

export interface Model {
  pipeline: Pipeline
  inputs: TensorInfo[]
  outputs: ModelOutput[]
}

/** The one version there is of each model. */
export const VERSION = '1'
export const PLATFORM = 'onnx_onnxv1'
export const INPUT = 'image'

/** What is known of fields; any other travels as JSON text. */
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
  /** Short where one list alone has it. */
  const nameOf = (list: string, field: string) => {
    const shared = lists.filter(([, { with: fields }]) => fields.includes(field)).length > 1
    return shared || taken.has(field) ? `${list}.${field}` : field
  }
  return {
    pipeline,
    inputs: [{ name: INPUT, datatype: 'BYTES', shape: [-1] }],
    outputs: [
      ...lists.flatMap(([list, { with: fields }]) => [
        ...fields.map((field) => fieldOutput(nameOf(list, field), list, field)),
        countOutput(lists.length === 1 ? 'count' : `${list}.count`, list),
      ]),
      resultOutput(),
    ],
  }
}

function fieldOutput(name: string, list: string, field: string): ModelOutput {
  const known = Object.hasOwn(FIELDS, field)
  const { datatype, row } = known ? FIELDS[field]! : { datatype: 'BYTES' as const, row: [] }
  const size = row.reduce((product, side) => product * side, 1)
  return {
    ...{ name, datatype, shape: [-1, ...row] },
    read(pictures) {
      const entries = pictures.flatMap((picture) => picture[list] ?? [])
      const data = entries.flatMap((entry): (string | number)[] => {
        const value = entry[field]
        if (!known) return [JSON.stringify(value ?? null)]
        if (datatype === 'BYTES') return [String(value ?? '')]
        const numbers = [value].flat(Infinity).map((one) => Number(one ?? 0))
        if (numbers.length === size && numbers.every(Number.isFinite)) return numbers
        // It is the node's word: what it sent is no such field.
        throw new ApiError('node_failed', `Cannot give ${name}: a node sent no ${size} numbers`)
      })
      return { name, datatype, shape: [entries.length, ...row], data }
    },
  }
}

const countOutput = (name: string, list: string): ModelOutput => ({
  ...{ name, datatype: 'INT32', shape: [-1] },
  read: (pictures) => ({
    ...{ name, datatype: 'INT32', shape: [pictures.length] },
    data: pictures.map((picture) => picture[list]?.length ?? 0),
  }),
})

const resultOutput = (): ModelOutput => ({
  ...{ name: 'result', datatype: 'BYTES', shape: [-1] },
  read: (pictures) => ({
    ...{ name: 'result', datatype: 'BYTES', shape: [pictures.length] },
    data: pictures.map((picture) => JSON.stringify(picture)),
  }),
})
