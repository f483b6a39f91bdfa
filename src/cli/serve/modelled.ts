/**
 * Devices that are modelled after a pipeline file's reference latencies: a factor for the device, and
 * a batch takes as long as its items one after another.
 *
 * @module
 */
import { join } from 'node:path'
import { OCR } from './serving.ts'

/** The fields that are read, of a pipeline whose variants all have a reference. */
export interface PipelineFile {
  root: string
  tasks: {
    [task: string]: {
      variants: {
        [variant: string]: { referenceMs: number; fanOut?: { [task: string]: number } }
      }
    }
  }
}

const BATCHES = [1, 2, 4, 8]

export async function readPipeline(dir: string): Promise<PipelineFile> {
  return JSON.parse(await Deno.readTextFile(join(dir, 'pipeline.json')))
}

export const readOcr = (): Promise<PipelineFile> => readPipeline(OCR)

/** As a scenario wants them, of a device that takes so many times the reference. */
export const latencyTable = ({ tasks }: PipelineFile, times: number) =>
  Object.fromEntries(
    Object.values(tasks).flatMap(({ variants }) =>
      Object.entries(variants).map(([variant, { referenceMs }]) => [
        variant,
        Object.fromEntries(BATCHES.map((batch) => [batch, times * referenceMs * batch])),
      ])
    ),
  )
