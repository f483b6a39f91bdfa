/**
 * `GET /v2/models/{m}/config` and `POST /v2/repository/index`: the model configuration extension,
 * and the list of models of the model repository extension. Names are those of the configuration's
 * protocol buffer, as servers and clients of the extension have them in JSON.
 *
 * @module
 */
import type { Pipeline } from '../../../pipeline/schema.ts'
import { publicName, versionOf } from '../../../pipeline/version.ts'
import { ApiError } from '../../core/api_error.ts'
import { ELEMENTS, parseAs } from '../../http/bodies/json.ts'
import { type Model, PLATFORM } from './model.ts'
import type { TensorInfo } from './model_output.ts'
import {
  type ModelConfig,
  type RepositoryIndex,
  type RepositoryIndexRequest,
  repositoryIndexRequest,
} from './schemas.ts'
import type { Datatype } from './tensors.ts'

/** The engine of the models, on nodes of either kind. */
const BACKEND = 'onnxruntime'
/** Bytes of the body of a call for the index, which has one member. */
const MAX_INDEX_BYTES = 1024

export const configOf = ({ pipeline, inputs, outputs }: Model): ModelConfig => ({
  name: publicName(pipeline.name),
  platform: PLATFORM,
  backend: BACKEND,
  version_policy: { latest: { num_versions: 1 } },
  // Shapes are complete: the number of pictures is a size of the input, and another of the outputs.
  max_batch_size: 0,
  input: inputs.map((input) => ({ ...tensorOf(input), format: 'FORMAT_NONE' })),
  output: outputs.map(tensorOf),
})

const tensorOf = ({ name, datatype, shape }: TensorInfo) => ({
  name,
  data_type: typeOf(datatype),
  dims: [...shape],
})

const typeOf = (datatype: Datatype) => datatype === 'BYTES' ? 'TYPE_STRING' : `TYPE_${datatype}`

/** Checks the declared length, before the body is read. @throws ApiError `too_large` */
export function checkIndexBytes(bytes: number): void {
  if (!(bytes > MAX_INDEX_BYTES)) return
  const message = `Cannot take a body of over ${MAX_INDEX_BYTES} bytes: send {"ready": true}`
  throw new ApiError('too_large', message)
}

/** @throws ApiError `invalid_input` or `too_large` */
export function readIndexRequest(body: Uint8Array): RepositoryIndexRequest {
  // The usual client sends no body.
  if (body.byteLength === 0) return {}
  checkIndexBytes(body.byteLength)
  return parseAs(repositoryIndexRequest, body, ELEMENTS)
}

/** @param ready whether a pipeline is ready */
export const indexOf = (
  pipelines: readonly Pipeline[],
  ready: (pipeline: Pipeline) => boolean,
  onlyReady: boolean,
): RepositoryIndex =>
  pipelines
    .map((pipeline) => ({ pipeline, isReady: ready(pipeline) }))
    .filter(({ isReady }) => isReady || !onlyReady)
    .map(({ pipeline: { name }, isReady }) => ({
      name: publicName(name),
      version: String(versionOf(name)),
      state: isReady ? 'READY' : 'UNAVAILABLE',
      reason: isReady ? '' : 'no node has a warm instance for every task',
    }))
