/**
 * The paper's allocation problem on its published profiles: traffic analysis, car branch, 18 workers
 * of one variant each, 250 ms of which half is kept for waiting.
 *
 * @module
 */
import { join } from 'node:path'
import type { PlacePipeline, Problem } from '../../../src/policy/place/problem.ts'

interface Profiles {
  batchSizes: number[]
  tasks: {
    [task: string]: { [variant: string]: { accuracy: number; accuracyArtifact: number } }
  }
  pipelines: {
    traffic_analysis: {
      sloMs: number
      multiplicativeFactors: { [variant: string]: { car_classification: number } }
    }
  }
  profileSets: { simulator: { latencyMs: { homogeneous: { [v: string]: { p50: number[] } } } } }
}

export interface Reference {
  demandQps: number
  systemAccuracyPct: number
}

export type Accuracies = 'artifact' | 'corrected'

/** Their folder; undefined, with the reason printed, where the paper's data is not on this machine. */
export function paperDir(): string | undefined {
  const dir = Deno.env.get('SHOAL_EVAL') || undefined
  if (dir === undefined) {
    console.log("skipped: the paper's profiles are not here (SHOAL_EVAL names their folder)")
  }
  return dir
}

/** Undefined where `paperDir` is. */
export async function readPaper() {
  const dir = paperDir()
  if (dir === undefined) return undefined
  const read = async (file: string) => JSON.parse(await Deno.readTextFile(join(dir, file)))
  const profiles: Profiles = await read('loki-profiles.json')
  const { referenceAllocations } = await read('loki-reference.json')
  const solutions: { [which in Accuracies]: Reference[] } = referenceAllocations.solutions
  return { solutions, problem: (which: Accuracies, qps: number) => problemOf(profiles, which, qps) }
}

const EXCLUDED = { artifact: ['yolov5s', 'efficientnet-b7'], corrected: ['efficientnet-b7'] }
const TASKS = ['object_detection', 'car_classification']

function problemOf(profiles: Profiles, which: Accuracies, ratePerS: number): Problem {
  const { sloMs, multiplicativeFactors } = profiles.pipelines.traffic_analysis
  const latencies = profiles.profileSets.simulator.latencyMs.homogeneous
  const tasks: PlacePipeline['tasks'] = {}
  for (const [t, task] of TASKS.entries()) {
    const next = TASKS.slice(t + 1, t + 2)
    const names = Object.keys(profiles.tasks[task]!).filter((v) => !EXCLUDED[which].includes(v))
    const variants = names.map((name) => {
      const { accuracy, accuracyArtifact } = profiles.tasks[task]![name]!
      const cars = multiplicativeFactors[name]?.car_classification
      return [name, {
        accuracy: (which === 'artifact' ? accuracyArtifact : accuracy) / 100,
        ...(cars === undefined ? {} : { fanOut: { car_classification: cars } }),
      }]
    })
    tasks[task] = { next, variants: Object.fromEntries(variants) }
  }
  const able = Object.entries(tasks).flatMap(([task, { variants }]) =>
    Object.keys(variants).map((variant) => ({
      ...{ pipeline: 'traffic', task, variant, memoryBytes: 1 },
      points: profiles.batchSizes.map((batch, i) => ({
        batch,
        latencyMs: latencies[variant]!.p50[i]!,
      })),
    }))
  )
  return {
    pipelines: [{ name: 'traffic', weight: 1, sloMs, ratePerS, root: TASKS[0]!, tasks }],
    classes: [{
      ...{ name: 'gpu', slots: 18, dutySum: 18, networkMs: 0, able },
      memoryBytes: 1,
    }],
  }
}
