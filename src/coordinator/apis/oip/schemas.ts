/**
 * The JSON objects of the Open Inference Protocol, version 2, under the names of its specification.
 *
 * @module
 */
import { z } from 'zod'
import { TENSOR_TYPES } from '../../../pipeline/tensor.ts'
import { MAX_TENSORS } from '../../http/bodies/json.ts'

export const MAX_DIMS = 16

/** Parameters: texts, numbers or truth values. */
export const parameters = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))

/** Elements, flat or nested as the shape. */
const data = z.array(z.unknown())
const size = z.number().int().min(0)

export const requestInput = z.object({
  name: z.string(),
  shape: z.array(size).max(MAX_DIMS),
  datatype: z.string(),
  parameters: parameters.optional(),
  data: data.optional(),
})

export const requestOutput = z.object({ name: z.string(), parameters: parameters.optional() })

export const inferenceRequest = z.object({
  id: z.string().max(1024).optional(),
  parameters: parameters.optional(),
  inputs: z.array(requestInput).max(MAX_TENSORS),
  outputs: z.array(requestOutput).max(MAX_TENSORS).optional(),
})

const DATATYPES = Object.values(TENSOR_TYPES).map(({ datatype }) => datatype)
  // Half floats have no form in JSON.
  .filter((datatype) => datatype !== 'FP16')
const element = z.union([z.number(), z.boolean()])

/** Tensors of a call of `/v1`, all in JSON. */
export const tensorRequest = z.object({
  inputs: z.array(z.object({
    name: z.string().meta({ description: 'Each input of the pipeline once.' }),
    shape: z.array(size),
    datatype: z.string().meta({ enum: DATATYPES }),
    data: z.array(z.union([element, z.array(z.unknown())]))
      .meta({ description: 'Row by row, flat or nested as the shape is.' }),
  })).min(1),
})

const responseOutput = z.object({
  name: z.string(),
  shape: z.array(size),
  datatype: z.string(),
  parameters: parameters.exactOptional(),
  data: data.exactOptional(),
})

export const inferenceResponse = z.object({
  model_name: z.string(),
  model_version: z.string(),
  id: z.string(),
  parameters,
  outputs: z.array(responseOutput),
})

export const serverMetadata = z.object({
  name: z.string(),
  version: z.string(),
  extensions: z.array(z.string()),
})

const metadataTensor = z.object({
  name: z.string(),
  datatype: z.string(),
  shape: z.array(z.number().int().min(-1)),
})

export const modelMetadata = z.object({
  name: z.string(),
  versions: z.array(z.string()),
  platform: z.string(),
  inputs: z.array(metadataTensor),
  outputs: z.array(metadataTensor),
})

const configTensor = z.object({
  name: z.string(),
  data_type: z.string(),
  dims: z.array(z.number().int().min(-1)),
})

/** The JSON of the configuration's protocol buffer, with its names. */
export const modelConfig = z.object({
  name: z.string(),
  platform: z.string(),
  backend: z.string(),
  version_policy: z.object({ latest: z.object({ num_versions: z.number().int() }) }),
  max_batch_size: z.number().int(),
  input: z.array(configTensor.extend({ format: z.string() })),
  output: z.array(configTensor),
})

export const repositoryIndexRequest = z.object({ ready: z.boolean().optional() })

export const repositoryIndex = z.array(z.object({
  name: z.string(),
  version: z.string(),
  state: z.enum(['READY', 'UNAVAILABLE']),
  reason: z.string(),
}))

export const modelReady = z.object({ name: z.string(), ready: z.boolean() })

const duration = z.object({ count: z.number().int(), ns: z.number().int() })
const compute = { compute_input: duration, compute_infer: duration, compute_output: duration }

export const modelStats = z.object({
  model_stats: z.array(z.object({
    name: z.string(),
    version: z.string(),
    last_inference: z.number(),
    inference_count: z.number().int(),
    execution_count: z.number().int(),
    inference_stats: z.object({
      ...{ success: duration, fail: duration, queue: duration, ...compute },
      ...{ cache_hit: duration, cache_miss: duration },
    }),
    batch_stats: z.array(z.object({ batch_size: z.number().int(), ...compute })),
  })),
})

export type RequestInput = z.infer<typeof requestInput>
export type InferenceRequest = z.infer<typeof inferenceRequest>
export type InferenceResponse = z.infer<typeof inferenceResponse>
export type ModelMetadata = z.infer<typeof modelMetadata>
export type ModelConfig = z.infer<typeof modelConfig>
export type RepositoryIndexRequest = z.infer<typeof repositoryIndexRequest>
export type RepositoryIndex = z.infer<typeof repositoryIndex>
export type ModelStats = z.infer<typeof modelStats>
