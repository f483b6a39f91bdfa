/** The house of docs/ARCHITECTURE.md: who may import whom, no circles, small files, a pure policy. */
import assert from 'node:assert/strict'
import { dirname, join, relative } from 'node:path'
import { ROOT } from '../../src/cli/root.ts'
import { filesUnder } from './files.ts'

/** What the files of a room may import, besides their own room. */
const MAY_IMPORT: Record<string, string[]> = {
  'src/pipeline': [],
  'src/protocol': [],
  'src/documents': [],
  'src/policy': ['src/pipeline'],
  'src/stages': ['src/pipeline', 'src/documents'],
  'src/node': ['src/protocol', 'src/pipeline', 'src/stages'],
  'src/coordinator': [
    ...['src/policy', 'src/protocol', 'src/pipeline', 'src/client', 'src/documents'],
  ],
  'src/peers/policies.ts': ['src/peers', 'src/policy', 'src/pipeline'],
  'src/peers': [
    ...[
      'src/pipeline',
      'src/policy/core/types.ts',
      'src/policy/core/options.ts',
      'src/policy/core/options.ts',
    ],
    ...['src/policy/state/queue.ts', 'src/policy/estimate/base.ts', 'src/policy/estimate/gone.ts'],
  ],
  'src/sim': ['src/policy', 'src/pipeline', 'src/peers/policies.ts', 'src/peers/scalers.ts'],
  'src/bench': ['src', 'demo', 'profiles', 'workers'],
  'src/client': [],
  'src/pages': ['src/node', 'src/client'],
  'src/cli': ['src', 'profiles', 'demo', 'workers'],
  'workers/inference.ts': ['src/stages', 'src/pipeline', 'src/node/engine'],
  'workers/drawing.ts': ['src/stages'],
  'workers/node.ts': ['src/node', 'src/stages'],
  'workers/planner.ts': ['src/policy', 'src/peers', 'src/pipeline'],
  'workers/documents.ts': ['src/documents', 'src/stages', 'src/pipeline'],
  'workers/store.ts': ['src/coordinator/store'],
  'workers/bodies.ts': ['src/coordinator/apis/bodies'],
  'workers/batches.ts': ['src/coordinator/jobs'],
  'workers/schemas.ts': ['src/stages/generate/constraint', 'src/coordinator/apis/generate'],
  profiles: ['src/pipeline', 'src/stages', 'src/documents'],
  demo: ['src', 'workers'],
}

const IMPORT =
  /^\s*(?:import|export)\b[^'"]*?\bfrom\s*['"]([^'"]+)['"]|\bimport\s*\(?\s*['"]([^'"]+)['"]/gm

const files = (await Promise.all(['src', 'workers', 'profiles', 'demo'].map(filesUnder)))
  .flat()
  .filter((file) => /\.tsx?$/.test(file))
const texts = new Map(
  await Promise.all(
    files.map(async (file) => [file, await Deno.readTextFile(join(ROOT, file))] as const),
  ),
)

function importsOf(file: string): string[] {
  return [...(texts.get(file) ?? '').matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? '')
}

/** Imports of files of ours, as paths from the project's folder. */
function ownImportsOf(file: string): string[] {
  return importsOf(file)
    .filter((name) => name.startsWith('.'))
    .map((name) => relative(ROOT, join(ROOT, dirname(file), name)))
}

const inside = (file: string, room: string) => file === room || file.startsWith(`${room}/`)

Deno.test('imports follow the arrows of the house', () => {
  assert.ok(files.length > 20, 'the sources were found')
  const wrong: string[] = []
  for (const file of files) {
    const room = Object.keys(MAY_IMPORT).find((name) => inside(file, name))
    if (room === undefined) {
      wrong.push(`${file} stands in no room of the house`)
      continue
    }
    for (const target of ownImportsOf(file)) {
      const allowed = [room, ...MAY_IMPORT[room] ?? []]
      if (!allowed.some((name) => inside(target, name))) wrong.push(`${file} imports ${target}`)
    }
  }
  assert.deepEqual(wrong, [])
})

/** Where a process, a worker or a page that serves begins. */
const SERVING = [
  ...['src/cli/start.ts', 'src/cli/node.ts', 'src/cli/node/remote.ts', 'src/client/mod.ts'],
  ...files.filter((file) => /^(workers\/[^/]+|src\/pages\/[^/]+\/main)\.tsx?$/.test(file)),
]
/** What is not for serving: but rules may be asked for by name, and a worker plans for those. */
const APART = ['src/peers', 'src/sim', 'src/bench']
const BY_NAME = 'src/peers/policies.ts'
const PLANS_FOR_ALL = 'workers/planner.ts'

Deno.test('what serves imports peers by name alone, and neither the simulator nor benches', () => {
  const wrong: string[] = []
  const seen = new Set<string>()
  const visit = (file: string) => {
    if (seen.has(file)) return
    seen.add(file)
    for (const target of ownImportsOf(file)) {
      if (!APART.some((room) => inside(target, room))) visit(target)
      else if (target !== BY_NAME && file !== PLANS_FOR_ALL) wrong.push(`${file} imports ${target}`)
    }
  }
  SERVING.forEach(visit)
  assert.ok(seen.size > 200, `${seen.size} files serve`)
  assert.deepEqual(wrong, [])
})

Deno.test('imports form no circle', () => {
  const done = new Set<string>()
  const visit = (file: string, trail: string[]) => {
    assert.ok(!trail.includes(file), `a circle: ${[...trail, file].join(' > ')}`)
    if (done.has(file)) return
    for (const target of ownImportsOf(file)) if (texts.has(target)) visit(target, [...trail, file])
    done.add(file)
  }
  for (const file of files) visit(file, [])
})

/** Folders that stand in layers: each may import those before it. docs/ARCHITECTURE.md has them. */
const LAYERS: Record<string, string[]> = {
  'src/policy': [
    'core',
    'estimate',
    'state',
    'price',
    'place',
    'use',
    'trust',
    'admit',
    'dispatch',
  ],
  'src/coordinator': [
    'core',
    'scheduler',
    'store',
    'observe',
    'nodes',
    'queries',
    'pool',
    'http',
    'jobs',
    'apis',
  ],
  'src/node': ['engine', 'models', 'slot', 'measure', 'backend', 'limits', 'link'],
}

for (const [room, layers] of Object.entries(LAYERS)) {
  Deno.test(`the folders of ${room} stand in layers`, async () => {
    /** Of a file in one of its folders; nothing of one that stands beside them. */
    const layerOf = (file: string) =>
      inside(file, room) ? file.slice(room.length + 1).match(/^([^/]+)\//)?.[1] : undefined
    const wrong: string[] = []
    for (const file of files) {
      const layer = layerOf(file)
      if (layer === undefined) continue
      assert.ok(layers.includes(layer), `${file} stands in a layer`)
      for (const target of ownImportsOf(file)) {
        const below = layerOf(target)
        if (below === undefined || layers.indexOf(below) <= layers.indexOf(layer)) continue
        wrong.push(`${file} imports ${target}`)
      }
    }
    assert.deepEqual(wrong, [])

    const page = await Deno.readTextFile(join(ROOT, 'docs/ARCHITECTURE.md'))
    const table = page.split(`| folder of \`${room}\``)[1]?.split('\n\n')[0] ?? ''
    const told = [...table.matchAll(/^\| `([a-z]+)` +\|/gm)].map((row) => row[1] ?? '')
    assert.deepEqual(told, layers, 'docs/ARCHITECTURE.md tells them in this order')
  })
}

Deno.test('no source file is over 300 lines', () => {
  const long = files.filter((file) => (texts.get(file) ?? '').split('\n').length > 301)
  assert.deepEqual(long, [])
})

Deno.test('policy and peers have no clock, timer, randomness, socket or file', () => {
  const impure =
    /\b(Date\.now|new Date|performance\.|setTimeout|setInterval|queueMicrotask|Math\.random|crypto\.|fetch\(|Deno\.|WebSocket|console\.)/
  for (const [file, text] of texts) {
    if (!inside(file, 'src/policy') && !inside(file, 'src/peers')) continue
    const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
    assert.equal(code.match(impure), null, `${file} is not pure`)
    for (const name of importsOf(file)) {
      assert.ok(name.startsWith('.') || name === 'yalps', `${file} imports ${name}`)
    }
  }
})

Deno.test('node, stages and workers run in a browser unchanged: Deno only in the host file', () => {
  for (const [file, text] of texts) {
    const shared = [
      'src/node',
      'src/stages',
      'src/protocol',
      'src/pipeline',
      'workers',
      'src/client',
    ]
    if (!shared.some((room) => inside(file, room)) || file === 'src/node/host_deno.ts') continue
    const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
    assert.equal(code.match(/\bDeno\./), null, `${file} uses Deno`)
    for (const name of importsOf(file)) assert.ok(!name.startsWith('node:'), `${file}: ${name}`)
  }
})
