/** A pipeline's folder may hold its models as files: found, checked, served by their content. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { loadPipeline } from '../../src/cli/pipelines/load.ts'
import { onnxOf } from '../pipeline/onnx.ts'

const modelOfClasses = (classes: number) =>
  onnxOf({
    inputs: { x: ['N', 3, 48, 'W'] },
    outputs: { y: ['N', 'T', classes] },
    nodes: [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }],
  })
const picture = modelOfClasses(96)

const pipelineOf = (model: string) => ({
  ...{ schema: 'shoal-pipeline/1', name: 'own', sloMs: 1000, root: 'read' },
  tasks: {
    read: {
      kind: 'text-recognition',
      variants: { only: { accuracy: 1, model, input: { height: 48, width: 96 } } },
    },
  },
})

async function inFolder(work: (dir: string, cacheDir: string) => Promise<void>): Promise<void> {
  const top = await Deno.makeTempDir()
  const dir = join(top, 'own')
  try {
    await Deno.mkdir(join(dir, 'models'), { recursive: true })
    await work(dir, join(top, 'cache'))
  } finally {
    await Deno.remove(top, { recursive: true })
  }
}

async function load(dir: string, cacheDir: string, model: string) {
  await Deno.writeTextFile(join(dir, 'pipeline.json'), JSON.stringify(pipelineOf(model)))
  return await loadPipeline(dir, () => {}, { cacheDir })
}

Deno.test('loadPipeline() takes .onnx files of the folder, without a models.ts', async () => {
  await inFolder(async (dir, cacheDir) => {
    for (const name of ['small.onnx', 'models/small.onnx']) {
      await Deno.writeFile(join(dir, name), picture)
      const { models } = await load(dir, cacheDir, name)
      const { sha256, bytes, file } = models[name]!
      equal(sha256, createHash('sha256').update(picture).digest('hex'))
      equal(bytes, picture.length)
      // What is served stays as it is, whatever becomes of the file.
      await Deno.writeTextFile(join(dir, name), 'changed')
      deepEqual(await Deno.readFile(file), picture)
    }
  })
})

Deno.test('loadPipeline() refuses a model outside the folder, absent, or no model', async () => {
  await inFolder(async (dir, cacheDir) => {
    const outside = join(dir, '..', 'outside.onnx')
    await Deno.writeFile(outside, picture)
    await Deno.symlink(outside, join(dir, 'link.onnx'))
    await Deno.writeTextFile(join(dir, 'page.onnx'), '<!doctype html><p>Not found')
    await Deno.writeFile(join(dir, 'cut.onnx'), picture.subarray(0, picture.length - 9))
    await Deno.writeFile(join(dir, 'empty.onnx'), new Uint8Array(0))
    const refused: [model: string, why: RegExp][] = [
      ['../outside.onnx', /is not a path inside the pipeline's folder/],
      ['models/../../outside.onnx', /is not a path inside/],
      ['..\\outside.onnx', /is not a path inside/],
      [outside, /is not a path inside/],
      ['link.onnx', /leads out of the pipeline's folder/],
      ['absent.onnx', /absent.onnx cannot be read: there is no such file/],
      ['page.onnx', /page.onnx is no ONNX model/],
      ['cut.onnx', /cut.onnx is no ONNX model/],
      ['empty.onnx', /empty.onnx is no ONNX model: it has no graph/],
      ['small', /small is no .onnx file, and the folder has no models.ts/],
    ]
    for (const [model, why] of refused) {
      await rejects(load(dir, cacheDir, model), (error: Error) => {
        ok(error.message.includes('tasks.read.variants.only.model: '), error.message)
        match(error.message, why)
        return true
      })
    }
  })
})

Deno.test('loadPipeline() holds a model of pictures to what its kind of task feeds it', async () => {
  await inFolder(async (dir, cacheDir) => {
    const nodes = [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }]
    const y = ['N', 'T', 96]
    const refused: [model: Parameters<typeof onnxOf>[0], why: RegExp][] = [
      [
        { inputs: { x: ['N', 3, 32, 'W'] }, outputs: { y }, nodes },
        /own\.onnx: input x must be float32 \[-1,3,48,96\]: found float32 \[N,3,32,W\]/,
      ],
      [{ inputs: { x: [48, 96] }, outputs: { y }, nodes }, /found float32 \[48,96\]/],
      [
        { inputs: { x: ['uint8', ['N', 3, 48, 96]] }, outputs: { y }, nodes },
        /found uint8 \[N,3,48,96\]/,
      ],
      [
        { inputs: { x: ['N', 3, 48, 96], z: [1] }, outputs: { y }, nodes },
        /must have one input, a picture: found x, z/,
      ],
      [
        { inputs: { x: ['N', 3, 48, 96] }, outputs: { y: ['N', 'T', 6625] }, nodes },
        /output y must be float32 \[-1,-1,96\]: found float32 \[N,T,6625\]/,
      ],
    ]
    for (const [model, why] of refused) {
      await Deno.writeFile(join(dir, 'own.onnx'), onnxOf(model))
      await rejects(load(dir, cacheDir, 'own.onnx'), (error: Error) => {
        match(error.message, why)
        return true
      })
    }
  })
})

Deno.test('loadPipeline() holds an alphabet to a text of its own characters, and a model to its classes', async () => {
  await inFolder(async (dir, cacheDir) => {
    await Deno.writeFile(join(dir, 'own.onnx'), modelOfClasses(4))
    const loadWith = async (alphabet: unknown) => {
      const { tasks, ...file } = pipelineOf('own.onnx')
      const read = { ...tasks.read, alphabet }
      await Deno.writeTextFile(
        join(dir, 'pipeline.json'),
        JSON.stringify({ ...file, tasks: { read } }),
      )
      return await loadPipeline(dir, () => {}, { cacheDir })
    }
    const { pipeline } = await loadWith(' ß𝛼')
    equal(pipeline.tasks['read']!['alphabet'], ' ß𝛼')
    for (
      const [alphabet, why] of [
        ['', /tasks\.read\.alphabet: must have one character at least$/],
        ['a𝛼ß𝛼', /tasks\.read\.alphabet: has "𝛼" more than once$/],
        [['a', 'b', 'c'], /tasks\.read\.alphabet: must be a text of all characters/],
        [
          'ab',
          /only\.model: own\.onnx: output y must be float32 \[-1,-1,3\]: found float32 \[N,T,4\]; 3 classes are a blank and the 2 characters of alphabet$/,
        ],
        // Printable ASCII.
        [undefined, /must be float32 \[-1,-1,96\]: found float32 \[N,T,4\]; .* 95 characters/],
      ] as const
    ) {
      await rejects(loadWith(alphabet), (error: Error) => {
        match(error.message, why)
        return true
      })
    }
  })
})

Deno.test('loadPipeline() takes no detector of text that is fixed to one shape of picture', async () => {
  await inFolder(async (dir, cacheDir) => {
    const own = join(dir, 'own.onnx')
    const variants = { only: { accuracy: 1, model: 'own.onnx', input: { height: 64, width: 64 } } }
    await Deno.writeTextFile(
      join(dir, 'pipeline.json'),
      JSON.stringify({
        ...{ schema: 'shoal-pipeline/1', name: 'own', sloMs: 1000, root: 'find' },
        tasks: { find: { kind: 'text-detection', variants } },
      }),
    )
    const of = (height: number | string, width: number | string) => ({
      inputs: { x: [1, 3, height, width] },
      outputs: { y: [1, 1, height, width] },
      nodes: [{ op: 'ReduceMean', inputs: ['x'], outputs: ['y'], ints: { axes: [1] } }],
    })
    for (const [height, width] of [[64, 64], [64, 'W'], ['H', 64]] as const) {
      await Deno.writeFile(own, onnxOf(of(height, width)))
      await rejects(
        loadPipeline(dir, () => {}, { cacheDir }),
        /own\.onnx: input x must have sizes that vary, .*: found float32 \[1,3,(64|H),(64|W)\]/,
      )
    }
    await Deno.writeFile(own, onnxOf(of('H', 'W')))
    await loadPipeline(dir, () => {}, { cacheDir })
  })
})

Deno.test('loadPipeline() takes no detector of text whose crops cannot be cut', async () => {
  await inFolder(async (dir, cacheDir) => {
    await Deno.writeFile(
      join(dir, 'own.onnx'),
      onnxOf({
        ...{ inputs: { x: [1, 3, 'H', 'W'] }, outputs: { y: [1, 1, 'H', 'W'] } },
        nodes: [{ op: 'ReduceMean', inputs: ['x'], outputs: ['y'], ints: { axes: [1] } }],
      }),
    )
    const variants = { only: { accuracy: 1, model: 'own.onnx', input: { height: 64, width: 64 } } }
    const find = { kind: 'text-detection', variants, crop: { maxHeight: 0 } }
    const file = { schema: 'shoal-pipeline/1', name: 'own', sloMs: 1000, root: 'find' }
    await Deno.writeTextFile(
      join(dir, 'pipeline.json'),
      JSON.stringify({ ...file, tasks: { find } }),
    )
    await rejects(
      loadPipeline(dir, () => {}, { cacheDir }),
      /tasks\.find\.variants\.only: Cannot use crop\.maxHeight of a task: /,
    )
  })
})

Deno.test('loadPipeline() takes a DETR with a class for nothing or without, and no other', async () => {
  await inFolder(async (dir, cacheDir) => {
    const own = join(dir, 'own.onnx')
    const variants = {
      only: { accuracy: 1, model: 'own.onnx', input: { height: 4, width: 8 } },
    }
    const find = {
      ...{ kind: 'object-detection', labels: ['one', 'two'] },
      ...{ boxes: { format: 'detr' }, variants },
    }
    const file = { schema: 'shoal-pipeline/1', name: 'own', sloMs: 1000, root: 'find' }
    await Deno.writeTextFile(
      join(dir, 'pipeline.json'),
      JSON.stringify({ ...file, tasks: { find } }),
    )
    const detr = (classes: number) =>
      onnxOf({
        inputs: { x: ['N', 3, 4, 8] },
        outputs: { logits: ['N', 300, classes], pred_boxes: ['N', 300, 4] },
        nodes: [],
      })
    for (const classes of [2, 3]) {
      await Deno.writeFile(own, detr(classes))
      await loadPipeline(dir, () => {}, { cacheDir })
    }
    await Deno.writeFile(own, detr(4))
    await rejects(
      loadPipeline(dir, () => {}, { cacheDir }),
      /output logits must be float32 \[-1,-1,2\] or float32 \[-1,-1,3\]: found float32 \[N,300,4\]/,
    )
  })
})

Deno.test('loadPipeline() puts the lines of a labels file in its place', async () => {
  await inFolder(async (dir, cacheDir) => {
    await Deno.writeFile(join(dir, 'small.onnx'), picture)
    const labelled = (labels: string) => {
      const pipeline = pipelineOf('small.onnx')
      const tasks = { read: { ...pipeline.tasks.read, labels } }
      return Deno.writeTextFile(join(dir, 'pipeline.json'), JSON.stringify({ ...pipeline, tasks }))
    }
    await Deno.writeTextFile(join(dir, 'labels.txt'), '\uFEFFcat\r\n\r\nhot dog\n')
    await labelled('labels.txt')
    const { pipeline } = await loadPipeline(dir, () => {}, { cacheDir })
    deepEqual(pipeline.tasks['read']!['labels'], ['cat', '', 'hot dog'])
    const elsewhere = await Deno.makeTempFile()
    await Deno.symlink(elsewhere, join(dir, 'link.txt'))
    for (const name of ['absent.txt', '../labels.txt', '/etc/hosts', 'link.txt']) {
      await labelled(name)
      await rejects(loadPipeline(dir, () => {}, { cacheDir }), /tasks\.read\.labels: /)
    }
    await Deno.remove(elsewhere)
  })
})

Deno.test('loadPipeline() says what is wrong with labels', async () => {
  await inFolder(async (dir, cacheDir) => {
    const model = onnxOf({ inputs: { x: ['N', 3, 4, 4] }, outputs: { y: ['N', 2] }, nodes: [] })
    await Deno.writeFile(join(dir, 'own.onnx'), model)
    const variants = { only: { accuracy: 1, model: 'own.onnx', input: { height: 4, width: 4 } } }
    for (
      const [labels, why] of [
        [undefined, /Cannot use labels of a task: must be a list of texts$/],
        [[], /Cannot use labels of a task: must be one at least$/],
        [['a', 2], /Cannot use labels\.1 of a task: .*expected string, received number$/],
        [['a', 'b'.repeat(201)], /Cannot use labels\.1 of a task: .*<=200 characters$/],
        [Array(65_537).fill('a'), /Cannot use labels of a task: must be 65,536 at most$/],
      ] as const
    ) {
      const tell = { kind: 'image-classification', labels, variants }
      const file = { schema: 'shoal-pipeline/1', name: 'own', sloMs: 1000, root: 'tell' }
      await Deno.writeTextFile(
        join(dir, 'pipeline.json'),
        JSON.stringify({ ...file, tasks: { tell } }),
      )
      await rejects(loadPipeline(dir, () => {}, { cacheDir }), ({ message }: Error) => {
        match(message, why)
        return true
      })
    }
  })
})

Deno.test('loadPipeline() drops what was used longest ago and no longer fits, never what is in use', async () => {
  await inFolder(async (dir, cacheDir) => {
    await Deno.mkdir(cacheDir)
    const name = (letter: string) => `${letter.repeat(64)}.onnx`
    /** Takes no room on disk, whatever its size. */
    const put = async (file: string, bytes: number, days: number) => {
      await Deno.writeTextFile(join(cacheDir, file), '')
      await Deno.truncate(join(cacheDir, file), bytes)
      const used = new Date(Date.now() - days * 24 * 60 * 60 * 1000)
      await Deno.utime(join(cacheDir, file), used, used)
    }
    await put(name('a'), 5e8, 9)
    await put(name('b'), 1e9, 30)
    await put(name('c'), 3e9, 0.5)
    await put('somebody.onnx', 3e9, 90)
    // One that was being written when its process was ended, and one that may still be.
    await put(`${name('d')}.7-ab.part`, 10, 2)
    await put(`${name('e')}.7-ab.part`, 10, 0)
    await Deno.writeFile(join(dir, 'own.onnx'), picture)
    const own = (await load(dir, cacheDir, 'own.onnx')).models['own.onnx']!.sha256
    const names = async () => (await Array.fromAsync(Deno.readDir(cacheDir))).map((one) => one.name)
    const left = [name('a'), name('c'), `${name('e')}.7-ab.part`, 'somebody.onnx', `${own}.onnx`]
    deepEqual((await names()).sort(), left.sort())

    // Too much is in use: that stays all the same, and what is loaded again counts as used now.
    await put(name('f'), 3e9, 0)
    await put(`${own}.onnx`, picture.length, 60)
    await load(dir, cacheDir, 'own.onnx')
    const rest = [name('f'), ...left.filter((one) => one !== name('a'))]
    deepEqual((await names()).sort(), rest.sort())
  })
})
