/**
 * What of an ONNX file decides where it can run, read from the file itself: a model says nothing of
 * it elsewhere, and an engine says it too late, in the midst of compiling shaders.
 *
 * Field numbers are those of onnx.proto (ONNX IR); only what is needed is looked into.
 *
 * @module
 */
import { fieldsOf, numbersIn, parts } from '../../pipeline/onnx/wire.ts'
import type { Adapter } from './adapter.ts'

export interface ModelFacts {
  /** Of the largest weight or constant: it becomes one buffer of a GPU. */
  largestTensorBytes: number
  /** Whether any tensor is of half precision. */
  float16: boolean
}

const FLOAT16 = 10
/** By the type's number; strings and what is unknown here count nothing. */
const ELEMENT_BYTES: { [type: number]: number } = {
  1: 4,
  2: 1,
  3: 1,
  4: 2,
  5: 2,
  6: 4,
  7: 8,
  9: 1,
  [FLOAT16]: 2,
  11: 8,
  12: 4,
  13: 8,
  16: 2,
}

/** A file that is no ONNX has no facts; what is wrong with it is for the engine to say. */
export function readModelFacts(bytes: Uint8Array): ModelFacts {
  const facts: ModelFacts = { largestTensorBytes: 0, float16: false }
  try {
    for (const graph of parts(bytes, 7)) readGraph(graph, facts)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  return facts
}

/** Why a model cannot run on this device; nothing where it can. */
export function whyNotOnGpu(facts: ModelFacts, device: Adapter): string | undefined {
  const mostBytes = Math.min(device.maxBufferSize, device.maxStorageBufferBindingSize)
  if (facts.largestTensorBytes > mostBytes) {
    return `a weight of ${facts.largestTensorBytes} bytes is more than the ${mostBytes} ` +
      'that this GPU takes in one buffer'
  }
  return facts.float16 && !device.shaderF16
    ? 'it is of half precision, and this GPU has no shader-f16'
    : undefined
}

function readGraph(graph: Uint8Array, facts: ModelFacts): void {
  for (const { field, value } of fieldsOf(graph)) {
    if (typeof value === 'number') continue
    if (field === 1) readNode(value, facts)
    if (field === 5) readTensor(value, facts)
    // Inputs, outputs, and what lies between them.
    if (field === 11 || field === 12 || field === 13) readValueInfo(value, facts)
  }
}

function readNode(node: Uint8Array, facts: ModelFacts): void {
  for (const attribute of parts(node, 5)) {
    for (const { field, value } of fieldsOf(attribute)) {
      if (typeof value === 'number') continue
      if (field === 5 || field === 10) readTensor(value, facts)
      if (field === 6 || field === 11) readGraph(value, facts)
    }
  }
}

function readTensor(tensor: Uint8Array, facts: ModelFacts): void {
  let elements = 1
  let type = 0
  for (const { field, value } of fieldsOf(tensor)) {
    if (field === 1) { for (const dim of numbersIn(value)) elements *= dim }
    if (field === 2 && typeof value === 'number') type = value
  }
  if (type === FLOAT16) facts.float16 = true
  const bytes = elements * (ELEMENT_BYTES[type] ?? 0)
  facts.largestTensorBytes = Math.max(facts.largestTensorBytes, bytes)
}

function readValueInfo(info: Uint8Array, facts: ModelFacts): void {
  for (const type of parts(info, 2)) {
    for (const tensor of parts(type, 1)) {
      for (const { field, value } of fieldsOf(tensor)) {
        if (field === 1 && value === FLOAT16) facts.float16 = true
      }
    }
  }
}
