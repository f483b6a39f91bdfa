/**
 * From the tables of the public Loki artifact to the profiles that `eval:` scenarios are made of.
 *
 * @module
 */
import type { EvalProfiles } from '../sim/eval.ts'

/** The files that are read, from the folder of the checkout. */
export const ARTIFACT_FILES = {
  app: 'src/simulator/traces/apps/traffic_analysis/traffic_analysis.json',
  branching: 'profiling/profiled/branching_all.csv',
  simulator: 'src/simulator/profiling/simulator_runtimes.csv',
  proteus: 'src/simulator/profiling/aggregate_profiled.csv',
  object_detection: 'src/simulator/traces/model_variants/traffic_analysis/object_detection',
  car_classification: 'src/simulator/traces/model_variants/traffic_analysis/car_classification',
  facial_recognition: 'src/simulator/traces/model_variants/traffic_analysis/facial_recognition',
  source: 'src/simulator/traces/model_variants/social_media/source',
  image_captioning: 'src/simulator/traces/model_variants/social_media/image_captioning',
} as const

export type ArtifactFile = keyof typeof ARTIFACT_FILES

const TASKS = [
  'object_detection',
  'car_classification',
  'facial_recognition',
  'source',
  'image_captioning',
] as const
const SIMULATOR_BATCHES = [1, 2, 4, 8, 16, 32, 64]
const PROTEUS_BATCHES = [1, 2, 4, 8, 16]
/** The simulator's table repeats the same numbers under three names of devices. */
const SIMULATOR_DEVICE = 'onnxruntime_gpu_pascal'
const PROTEUS_DEVICES = ['cpu', 'gpu_pascal', 'gpu_ampere']
/** Whose accuracies are exchanged in the artifact: 45.4 and 37.4 mAP are those of m and s. */
const SWAPPED: { [variant: string]: string } = { yolov5s: 'yolov5m', yolov5m: 'yolov5s' }

/** @throws RangeError naming the file whose form is not the expected one */
export function profilesFrom(texts: { [file in ArtifactFile]: string }): EvalProfiles {
  const fail = (file: ArtifactFile, fault: string): never => {
    throw new RangeError(`Cannot import ${ARTIFACT_FILES[file]}: ${fault}`)
  }

  function table(file: ArtifactFile, columns: string[]): { [column: string]: string }[] {
    const [head = '', ...lines] = texts[file].split(/\r?\n/).filter((line) => line !== '')
    const names = head.split(',')
    const missing = columns.find((column) => !names.includes(column))
    if (missing !== undefined) fail(file, `has no column ${missing}`)
    return lines.map((line) => {
      const cells = line.split(',')
      return Object.fromEntries(names.map((name, i) => [name, cells[i] ?? '']))
    })
  }

  function number(file: ArtifactFile, text: string | undefined): number {
    const value = Number(text)
    return text === undefined || text === '' || !Number.isFinite(value)
      ? fail(file, `must hold numbers: received ${text}`)
      : value
  }

  function latencies(
    file: 'simulator' | 'proteus',
    device: string,
    batches: number[],
    columns: string[],
  ): { [variant: string]: (number | null)[][] } {
    const points: { [variant: string]: (number | null)[][] } = {}
    for (const row of table(file, ['Model', 'Accel', 'batchsize', ...columns])) {
      const at = batches.indexOf(Number(row.batchsize))
      if (row.Accel !== device || at < 0) continue
      const arrays = points[row.Model!] ??= columns.map(() => batches.map(() => null))
      // Where a variant was measured twice, the first time counts.
      columns.forEach((column, i) => arrays[i]![at] ??= number(file, row[column]))
    }
    if (Object.keys(points).length === 0) fail(file, `has no rows of ${device}`)
    return points
  }

  function accuracies(task: typeof TASKS[number]) {
    const given = new Map(
      texts[task].split(/\r?\n/).filter((line) => line !== '').map((line) => {
        const [variant = '', accuracy] = line.split(',')
        return [variant, number(task, accuracy)]
      }),
    )
    return Object.fromEntries(
      [...given].map(([variant, accuracyArtifact]) => [variant, {
        accuracy: given.get(SWAPPED[variant] ?? variant) ?? accuracyArtifact,
        accuracyArtifact,
      }]),
    )
  }

  const factors = Object.fromEntries(
    table('branching', ['model', 'avg_mult_factor', 'avg_car_branch_prob', 'avg_face_branch_prob'])
      .map(({ model, avg_mult_factor, avg_car_branch_prob, avg_face_branch_prob }) => {
        const total = number('branching', avg_mult_factor)
        return [model!, {
          total,
          car_classification: total * number('branching', avg_car_branch_prob),
          facial_recognition: total * number('branching', avg_face_branch_prob),
        }]
      }),
  )
  let sloMs: number
  try {
    sloMs = number('app', String(JSON.parse(texts.app).latencySLOInMSec))
  } catch (error) {
    return fail('app', (error as Error).message)
  }
  const simulator = latencies('simulator', SIMULATOR_DEVICE, SIMULATOR_BATCHES, [
    '50th_pct',
    '95th_pct',
  ])
  return {
    batchSizes: SIMULATOR_BATCHES,
    pipelines: { traffic_analysis: { sloMs, multiplicativeFactors: factors } },
    tasks: Object.fromEntries(TASKS.map((task) => [task, accuracies(task)])),
    profileSets: {
      simulator: {
        latencyMs: {
          homogeneous: Object.fromEntries(
            Object.entries(simulator).map(([variant, [p50, p95]]) => [variant, {
              p50: p50!,
              p95: p95!,
            }]),
          ),
        },
      },
      proteus: {
        batchSizes: PROTEUS_BATCHES,
        latencyMs: Object.fromEntries(PROTEUS_DEVICES.map((device) => [
          device,
          Object.fromEntries(
            Object.entries(
              latencies('proteus', `onnxruntime_${device}`, PROTEUS_BATCHES, ['50th_pct']),
            ).map(([variant, [p50]]) => [variant, p50!]),
          ),
        ])),
      },
    },
  }
}
