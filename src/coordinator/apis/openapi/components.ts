/**
 * The schemas that the OpenAPI document names.
 *
 * @module
 */
import { z } from 'zod'
import * as adapters from '../adapters/schemas.ts'
import { pictureRequest, textRequest } from '../common/infer_request.ts'
import * as jobs from '../jobs/schemas.ts'
import { generateRequest, generateResponse } from '../oip/generate_body.ts'
import * as oip from '../oip/schemas.ts'
import * as batches from '../openai/batch_schemas.ts'
import * as openai from '../openai/schemas.ts'
import { scaleRequest } from '../v1/scale_request.ts'
import * as events from './event_schemas.ts'
import * as v1 from './schemas.ts'

/** Schemas by their names in the document. */
export const SCHEMAS = {
  Error: v1.errorBody,
  PictureRequest: pictureRequest,
  TextRequest: textRequest,
  TensorRequest: oip.tensorRequest,
  InferAnswer: v1.inferAnswer,
  Pipelines: v1.pipelines,
  Reloaded: v1.reloaded,
  NodeInfo: v1.nodeInfo,
  Nodes: v1.nodes,
  ChangedNode: v1.changedNode,
  ScaleRequest: scaleRequest,
  Plan: v1.plan,
  Rulings: v1.rulings,
  Admin: z.object({ allowed: z.boolean() }),
  Stats: v1.stats,
  NodesEvent: events.nodesEvent,
  MetricsEvent: events.metricsEvent,
  WorkEvent: events.workEvent,
  History: events.history,
  InferenceRequest: oip.inferenceRequest,
  InferenceResponse: oip.inferenceResponse,
  ServerMetadata: oip.serverMetadata,
  ModelMetadata: oip.modelMetadata,
  ModelConfig: oip.modelConfig,
  RepositoryIndexRequest: oip.repositoryIndexRequest,
  RepositoryIndex: oip.repositoryIndex,
  ModelReady: oip.modelReady,
  ModelStats: oip.modelStats,
  GenerateRequest: generateRequest,
  GenerateResponse: generateResponse,
  ChatRequest: openai.chatRequest,
  ChatCompletion: openai.chatCompletion,
  CompletionRequest: openai.completionRequest,
  Completion: openai.completion,
  OpenAiModel: openai.openAiModel,
  OpenAiModels: openai.openAiModels,
  OpenAiError: openai.openAiError,
  JobRequest: jobs.jobRequest,
  Job: jobs.job,
  JobDocument: jobs.jobDocument,
  Jobs: jobs.jobs,
  JobResults: jobs.jobResults,
  OpenAiFile: batches.openAiFile,
  OpenAiFiles: batches.openAiFiles,
  OpenAiDeleted: batches.openAiDeleted,
  BatchRequest: batches.batchRequest,
  OpenAiBatch: batches.openAiBatch,
  OpenAiBatches: batches.openAiBatches,
  LiteparseResults: adapters.liteparseResults,
  OcrRequest: adapters.ocrRequest,
  OcrResponse: adapters.ocrResponse,
  FileUrl: adapters.fileUrl,
  MistralError: adapters.mistralError,
  Live: z.object({ live: z.boolean() }),
  Ready: z.object({ ready: z.boolean(), live: z.boolean() }),
} satisfies Record<string, z.ZodType>

export type SchemaName = keyof typeof SCHEMAS
