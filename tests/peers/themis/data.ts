/** The published data of Themis, where this machine has it. */
import { join } from 'node:path'
import type { Stage } from '../../../src/peers/scaler.ts'
import { type Coefficients, latencyOf, raisedLatencyOf } from '../../../src/peers/themis/rules.ts'

type Pair = [instances: number, batch: number]

interface Reference {
  pipelines: {
    [name: string]: {
      sloMs: number
      horizontal: {
        lam: number
        horizontal: Pair[]
        cost: number
        anyCores: [instances: number, cores: number, batch: number][]
        anyCost: number
      }[]
      vertical: {
        lam: number
        instances: number[]
        vertical: [cores: number, batch: number][] | null
      }[]
      verticalFrom: number[]
      verticalMostRps: number
    }
  }
}

interface Profiles {
  head: {
    settings: { latencyMultiplier: { [pipeline: string]: number } }
    pipelines: {
      [name: string]: { stages: (Coefficients & { name: string; memoryGb: number })[] }
    }
  }
}

function read<T>(dir: string, name: string): T {
  return JSON.parse(Deno.readTextFileSync(join(dir, 'themis', name)))
}

function load() {
  const dir = Deno.env.get('SHOAL_EVAL')
  if (!dir) {
    console.log('skipped: the data of Themis is not here (SHOAL_EVAL names its folder)')
    return undefined
  }
  const profiles = read<Profiles>(dir, 'profiles.json')
  const stagesOf = (name: string): Stage[] =>
    profiles.head.pipelines[name]!.stages.map((stage) => ({
      ...{ name: stage.name, memoryGb: stage.memoryGb, cores: [1, 2, 3, 4], mostBatch: 4 },
      latencyMs: latencyOf(stage),
      raisedMs: raisedLatencyOf(stage, profiles.head.settings.latencyMultiplier[name]),
    }))
  return { reference: read<Reference>(dir, 'reference.json'), stagesOf }
}

export const themisData = load()
