import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { prepareModels } from '../../src/cli/pipelines/prepare.ts'
import { ocrDir } from '../stages/ocr.ts'

/** Derived bytes must not drift: nodes and caches know models by these hashes. */
const hashes = {
  det: '30a86f5731181461d08021402766601e4302a9b9b9666be8aff402696339cdff',
  'rec-h32': '4b44bd74e3c3993ab981831ce73ce9105aff9e30cf3aae26680e70209f16de68',
  'rec-h24': '59bdb0d84dbf0bb55dd2f5b617adc6027d859a5d521379ae964c1d80991dc738',
  'rec-h16': 'f8b8ab7498ba11c104c2a1e97a7becf4fd051ec6a6383effbb511135da62105b',
}

async function withCache(work: (cacheDir: string) => Promise<void>): Promise<void> {
  const cacheDir = await Deno.makeTempDir()
  try {
    await work(cacheDir)
  } finally {
    await Deno.remove(cacheDir, { recursive: true })
  }
}

Deno.test('pipelines that read lines name the alphabet that the weights were trained for', async () => {
  const { alphabet } = JSON.parse(await Deno.readTextFile(join(ocrDir, 'latin.json')))
  assert.ok(alphabet.startsWith(' !"#') && alphabet.includes('ế'))
  for (const name of ['ocr', 'receipt', 'documents']) {
    const text = await Deno.readTextFile(join(ocrDir, '..', name, 'pipeline.json'))
    assert.equal(JSON.parse(text).tasks.recognise.alphabet, alphabet, name)
  }
})

const filesIn = (dir: string) => [...Deno.readDirSync(dir)].map((e) => e.name).sort()

Deno.test('prepareModels() derives the same models every time, named by their content', async () => {
  await withCache(async (cacheDir) => {
    const models = await prepareModels(ocrDir, { cacheDir })
    assert.deepEqual(
      Object.fromEntries(Object.entries(models).map(([name, m]) => [name, m.sha256])),
      hashes,
    )
    for (const { sha256, bytes, file } of Object.values(models)) {
      const content = await Deno.readFile(file)
      assert.equal(content.length, bytes)
      assert.equal(createHash('sha256').update(content).digest('hex'), sha256)
    }
    assert.equal(filesIn(cacheDir).filter((name) => name.endsWith('.part')).length, 0)
  })
})

Deno.test('prepareModels() derives nothing the second time', async () => {
  await withCache(async (cacheDir) => {
    const lines: string[] = []
    const report = (line: string) => lines.push(line)
    const first = await prepareModels(ocrDir, { cacheDir, report })
    assert.equal(lines.length, 4)
    assert.deepEqual(await prepareModels(ocrDir, { cacheDir, report }), first)
    assert.equal(lines.length, 4)
  })
})

Deno.test('prepareModels() mends a cache with a file missing, cut or changed', async () => {
  await withCache(async (cacheDir) => {
    const { det, 'rec-h16': small, 'rec-h24': middle } = await prepareModels(ocrDir, { cacheDir })
    const content = await Deno.readFile(middle!.file)
    const spoil = [
      () => Deno.remove(det!.file),
      () => Deno.truncate(small!.file, 1000),
      () => {
        const changed = content.slice()
        changed[5_000_000]! ^= 1
        return Deno.writeFile(middle!.file, changed)
      },
    ]
    for (const damage of spoil) {
      await damage()
      const models = await prepareModels(ocrDir, { cacheDir })
      for (const { file, bytes } of Object.values(models)) {
        assert.equal((await Deno.stat(file)).size, bytes)
      }
      assert.deepEqual(await Deno.readFile(middle!.file), content)
    }
  })
})

Deno.test('prepareModels() may run twice at once on one cache', async () => {
  await withCache(async (cacheDir) => {
    const both = await Promise.all([0, 1].map(() => prepareModels(ocrDir, { cacheDir })))
    assert.deepEqual(both[0], both[1])
    assert.equal(filesIn(cacheDir).length, 5)
  })
})

/** A folder whose `models.ts` makes one model of these bytes. */
const made = (bytes: string) =>
  `export const recipeVersion = 1, sources = [], modelNames = ['own']
   export function* deriveModels() { yield { model: 'own', bytes: Uint8Array.of(${bytes}) } }`

async function withProgram(program: string, work: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir()
  try {
    await Deno.writeTextFile(join(dir, 'models.ts'), program)
    await work(dir)
  } finally {
    await Deno.remove(dir, { recursive: true })
  }
}

Deno.test('two pipelines that call their models alike have their own of one cache', async () => {
  const contents: string[] = []
  await withCache(async (cacheDir) => {
    for (const bytes of ['1', '2']) {
      await withProgram(made(bytes), async (dir) => {
        const { own } = await prepareModels(dir, { cacheDir })
        contents.push((await Deno.readFile(own!.file)).join())
      })
    }
  })
  assert.deepEqual(contents, ['1', '2'])
})

Deno.test('a models.ts that exports no recipe is told what it lacks', async () => {
  await withCache((cacheDir) =>
    withProgram('export const recipeVersion = 1, sources = []', async (dir) => {
      await assert.rejects(
        prepareModels(dir, { cacheDir }),
        /^PipelineError: .*models\.ts: must export modelNames, deriveModels: /,
      )
    })
  )
})
