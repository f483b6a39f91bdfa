/**
 * A field of an answer that is a tensor, as an output of the protocol.
 *
 * @module
 */
import { TENSOR_TYPES, type TensorSpec } from '../../../pipeline/tensor.ts'
import { TensorValue } from '../../../pipeline/tensor_item.ts'
import { ApiError } from '../../core/api_error.ts'
import { entriesOf, type ModelOutput } from './model_output.ts'

/**
 * The tensors of all entries, joined along their first axis; a single number is a row.
 *
 * @param alone whether there is always one entry
 */
export function tensorOutput(
  name: string,
  list: string,
  field: string,
  { type, shape }: TensorSpec,
  alone: boolean,
): ModelOutput {
  const { datatype } = TENSOR_TYPES[type]
  const row = shape.slice(1)
  return {
    ...{ name, datatype, shape: alone && shape.length > 0 ? [...shape] : [-1, ...row] },
    read(answers) {
      const values = entriesOf(answers, list).map((entry) => {
        const value = entry[field]
        if (value instanceof TensorValue) return value
        throw new ApiError('node_failed', `Cannot give ${name}: a node sent no tensor`)
      })
      const dims = values.map((value) => value.dims.length === 0 ? [1] : [...value.dims])
      const [first = [0, ...row.map((size) => Math.max(size, 0))]] = dims
      for (const other of dims) {
        if (other.slice(1).join() === first.slice(1).join()) continue
        throw new ApiError(
          'node_failed',
          `Cannot give ${name} as one tensor: items have [${first}] and [${other}]: ask /v1, or ` +
            'for other outputs',
        )
      }
      const rows = dims.reduce((sum, [count = 0]) => sum + count, 0)
      return {
        ...{ name, datatype, shape: [rows, ...first.slice(1)] },
        get data() {
          return values.flatMap((value) => value.elements())
        },
        bytes: values.map((value) => value.bytes),
      }
    },
  }
}
