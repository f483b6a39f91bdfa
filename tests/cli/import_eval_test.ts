/** The importer reads the forms of the artifact's tables; the numbers here are made up. */
import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { ARTIFACT_FILES, type ArtifactFile, profilesFrom } from '../../src/cli/import_profiles.ts'
import { ROOT } from '../../src/cli/root.ts'
import { evalScenario } from '../../src/sim/eval.ts'
import { sharedScenario } from '../../src/sim/eval_shared.ts'
import { checkScenario } from '../../src/sim/scenario.ts'
import { said } from '../said.ts'

const simulated = ['yolov5m', 'yolov5s', 'efficientnet-b0', 'source', 'clip-vit-base-patch32']
const simulatorRows = simulated.flatMap((model, m) =>
  [1, 2, 3, 4].map((batch) => `0,${model},onnxruntime_gpu_pascal,${batch},9,${10 * batch + m},9,99`)
)
const proteusRows = ['cpu', 'gpu_pascal', 'gpu_ampere'].flatMap((device, d) =>
  ['yolov5s', 'efficientnet-b0'].map((model) =>
    `${model},onnxruntime_${device},100,1,${50 - 10 * d},9,9,9,9,45,89`
  )
)
const texts: { [file in ArtifactFile]: string } = {
  app: '{"latencySLOInMSec": 300}',
  branching: ',model,avg_mult_factor,avg_car_branch_prob,avg_face_branch_prob\n' +
    '0,yolov5s,4,0.75,0.25\n1,yolov5m,10,0.9,0.1\n',
  simulator: [',Model,Accel,batchsize,avg_runtime,50th_pct,90th_pct,95th_pct', ...simulatorRows]
    .join('\r\n'),
  proteus: [
    'Model,Accel,Trials,batchsize,50th_pct,90th_pct,avg,Min,Max,Accuracy,Normalized',
    ...proteusRows,
    'yolov5s,onnxruntime_cpu,100,1,77,9,9,9,9,45,89',
  ].join('\n'),
  object_detection: 'yolov5m,70\nyolov5s,90',
  car_classification: 'efficientnet-b0,91.5\n',
  facial_recognition: 'genderNet_11,94.6\n',
  source: 'source,100',
  image_captioning: 'clip-vit-base-patch32,82.5\n',
}

Deno.test('profilesFrom() takes medians, products of branches, and mends the exchanged accuracies', () => {
  const { pipelines, tasks, profileSets } = profilesFrom(texts)
  assert.equal(pipelines.traffic_analysis.sloMs, 300)
  assert.equal(pipelines.traffic_analysis.multiplicativeFactors.yolov5m!.car_classification, 9)
  assert.deepEqual(tasks.object_detection!.yolov5s, { accuracy: 70, accuracyArtifact: 90 })
  const homogeneous = profileSets.simulator!.latencyMs.homogeneous!
  assert.deepEqual(homogeneous.yolov5s, {
    p50: [11, 21, 41, null, null, null, null],
    p95: [99, 99, 99, null, null, null, null],
  })
  // Measured twice: the first time counts.
  assert.deepEqual(profileSets.proteus!.latencyMs.cpu!.yolov5s, [50, null, null, null, null])
})

Deno.test('what was imported comes to scenarios of both pools', () => {
  const profiles = profilesFrom(texts)
  for (const [name, classes] of [['figure5', 1], ['proteus', 3]] as const) {
    const json = evalScenario({ profiles }, {
      name,
      ratePerS: 40,
      seconds: 5,
      instancesPerNode: 'all',
    })
    const scenario = checkScenario(json, name)
    assert.equal(Object.keys(scenario.classes).length, classes)
    assert.deepEqual(scenario.workloads[0]!.trace.rates, [40, 40, 40, 40, 40])
  }
  assert.throws(() => evalScenario({ profiles }, { name: 'figure5' }), /give --rate/)
  assert.throws(() => evalScenario({ profiles }, { name: 'day' }), /there are figure5, proteus/)
  assert.throws(() => evalScenario({ profiles }, { name: 'day' }), /; twitter-trace\.json is not/)
  const few = { name: 'proteus', ratePerS: 1, workers: 3 }
  assert.throws(() => evalScenario({ profiles }, few), /Cannot give proteus a number of workers/)
})

Deno.test('what was imported has the second pipeline of a pool that two share', () => {
  const shared = sharedScenario({ profiles: profilesFrom(texts) }, {
    ...{ name: 'figure5', ratePerS: 40, seconds: 5, socialPerS: 3 },
  })
  const { workloads } = checkScenario(shared, 'shared')
  const { pipeline, trace } = workloads[1]!
  assert.equal(pipeline.tasks.image_captioning!.variants['clip-vit-base-patch32']!.accuracy, 0.825)
  assert.deepEqual(trace.rates, [3, 3, 3, 3, 3])
})

Deno.test('profiles that are not whole are refused with what there is not', () => {
  const without = (part: string[]) => {
    const profiles = structuredClone(profilesFrom(texts))
    // deno-lint-ignore no-explicit-any
    const of = part.slice(0, -1).reduce((at: any, name) => at[name], profiles)
    delete of[part.at(-1)!]
    return () =>
      sharedScenario({ profiles }, { name: 'figure5', ratePerS: 1, seconds: 1, socialPerS: 1 })
  }
  const factors = ['pipelines', 'traffic_analysis', 'multiplicativeFactors', 'yolov5s']
  assert.throws(without(factors), /no yolov5s in multiplicativeFactors; make it with/)
  assert.throws(without(['tasks', 'image_captioning']), /no image_captioning in tasks/)
  assert.throws(without(['profileSets', 'simulator']), /no simulator in profileSets/)
  const device = ['profileSets', 'simulator', 'latencyMs', 'homogeneous']
  assert.throws(without(device), /no homogeneous in profileSets\.simulator/)
})

Deno.test('profilesFrom() names the file that has another form', () => {
  const wrong = (given: Partial<typeof texts>) => () => profilesFrom({ ...texts, ...given })
  assert.throws(wrong({ branching: 'model\nx' }), /branching_all\.csv: has no column avg_mult/)
  assert.throws(wrong({ object_detection: 'yolov5s' }), /object_detection: must hold numbers/)
  assert.throws(wrong({ simulator: texts.simulator.replaceAll('pascal', 'x') }), /has no rows of/)
  assert.throws(wrong({ app: '{' }), /traffic_analysis\.json: /)
})

Deno.test('the command writes what simulate reads, or says where it cannot', async () => {
  const dir = await Deno.makeTempDir()
  const from = join(dir, 'artifact')
  for (const [name, path] of Object.entries(ARTIFACT_FILES)) {
    await Deno.mkdir(join(from, dirname(path)), { recursive: true })
    await Deno.writeTextFile(join(from, path), texts[name as ArtifactFile])
  }
  const run = async (to: string) => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ['run', '-A', '--no-check', join(ROOT, 'src/cli/import_eval.ts')]
        .concat('--from', from, '--to', to),
    }).output()
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
    return { code, said: text(stdout), error: said(stderr) }
  }
  const to = join(dir, 'new', 'folder')
  const written = await run(to)
  assert.deepEqual([written.code, written.error], [0, ''])
  assert.ok(written.said.trim().endsWith(` --eval ${to}`), written.said)
  const file = join(to, 'loki-profiles.json')
  assert.deepEqual(JSON.parse(await Deno.readTextFile(file)), profilesFrom(texts))
  const { code, error } = await run(file)
  assert.equal(code, 1)
  assert.match(error, /^Cannot write into .*loki-profiles\.json: /)
  await Deno.remove(dir, { recursive: true })
})
