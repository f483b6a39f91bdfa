/**
 * The files of the published data of Themis, and what has to be in them.
 *
 * @module
 */
import { join, resolve } from 'node:path'
import { z } from 'zod'
import type { ThemisData } from '../../sim/elastic/themis_scenes.ts'

const number = z.number()
const named = <T extends z.ZodType>(of: T) => z.record(z.string(), of)

const BLOCK = z.object({
  settings: z.object({ latencyMultiplier: named(number).optional() }),
  pipelines: named(z.object({
    sloMs: number,
    maxBatch: number.nullable(),
    stages: z.array(z.object({
      name: z.string(),
      memoryGb: number,
      maxBatch: number.nullable(),
      maxCores: number.nullable(),
      alpha: number,
      beta: number,
      gamma: number,
      zeta: number,
    })),
  })),
})
const PROFILES = z.object({ head: BLOCK, paper: BLOCK })
const WINDOWS = z.object({ windows: named(z.object({ counts: z.array(number) })) })
const REFERENCE = z.object({
  introFigure: z.object({
    capacityByCores: named(number),
    coldStartS: number,
    violationPercent: z.object({
      shortVertical: number,
      shortHorizontal: number,
      longVerticalThenHorizontal: number,
      rampVertical: number,
      rampHorizontal: number,
    }),
    coresAtPeak: z.object({ vertical: number, horizontal: number }),
  }),
})

/**
 * @returns undefined where the folder has no folder `themis` with all three files
 * @throws RangeError for a file that is not what its name says
 */
export async function readThemis(dir: string): Promise<ThemisData | undefined> {
  const read = async <T>(name: string, schema: z.ZodType<T>): Promise<T | undefined> => {
    const file = join(resolve(dir), 'themis', name)
    const text = await Deno.readTextFile(file).catch(() => undefined)
    if (text === undefined) return undefined
    try {
      return schema.parse(JSON.parse(text))
    } catch (error) {
      throw new RangeError(`Cannot use ${file}: ${(error as Error).message}`)
    }
  }
  const profiles = await read('profiles.json', PROFILES)
  const windows = await read('twitter-windows.json', WINDOWS)
  const reference = await read('reference.json', REFERENCE)
  if (profiles === undefined || windows === undefined || reference === undefined) return undefined
  return { profiles, windows: windows.windows, intro: reference.introFigure }
}
