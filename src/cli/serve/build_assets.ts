/**
 * Builds what the coordinator serves to browsers and to machines without a checkout: pages, their
 * scripts, the engine's files. All in memory; nothing is written.
 *
 * @module
 */
import { build, type Plugin, stop } from 'esbuild'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { EMBED_PAGE, EMBED_SCRIPT } from '../../coordinator/http/embed.ts'
import type { Asset } from '../../coordinator/http/pages.ts'
import type { AssetPaths } from '../../node/assets.ts'
import { fromFileUrl, ROOT } from '../root.ts'
import { codecAssetUrls } from './codec_assets.ts'
import { hashedFile, hashedName } from './hashed.ts'
import { librariesBeside } from './libraries_beside.ts'
import { packable } from './packed.ts'

export interface BuildOptions {
  /** Told apart from other builds of the same sources; for tests of a coordinator's renewal. */
  stamp?: string
  /** More pages, by path: each bare, with the script of this entry point. */
  pages?: { [path: string]: string }
}

const ORT_DIST = join(ROOT, 'node_modules', 'onnxruntime-web', 'dist')

/**
 * Every file to serve, by path. Takes less than two seconds.
 *
 * @throws Error of esbuild where a source does not parse
 */
export async function buildAssets(
  { stamp = '', pages = {} }: BuildOptions = {},
): Promise<Map<string, Asset>> {
  const files = new Map<string, Asset>()
  const add = ({ path, ...asset }: { path: string } & Asset): string => {
    files.set(path, packable(asset))
    return path
  }
  const script = async (
    entry: string,
    name: string,
    define: Record<string, unknown> = {},
    plugins: Plugin[] = [],
  ) => add(hashedName(name, 'js', await bundle(entry, define, stamp, plugins)))

  try {
    const [ort, codecs, inference, drawing, style] = await Promise.all([
      ortFiles(add),
      codecFiles(add),
      librariesBeside(script).then((beside) =>
        script('workers/inference.ts', 'inference', {}, [beside])
      ),
      script('workers/drawing.ts', 'drawing'),
      stylesheet('src/pages/node/style.css').then((css) => hashedName('style', 'css', css)),
    ])
    const paths: AssetPaths = { inference, drawing, ort, codecs }
    const [worker, remote] = await Promise.all([
      script('workers/node.ts', 'worker', { SHOAL_ASSETS: paths }),
      script('src/cli/node/remote.ts', 'node', { SHOAL_ASSETS: paths }),
    ])
    const engine = [...Object.values(ort.wasm), inference, worker].map((path) => files.get(path)!)
    add({ path: '/node/engine.json', body: () => engineBytes(engine), type: 'application/json' })
    const page = await script('src/pages/node/main.ts', 'join', { SHOAL_WORKER: worker })
    const html = await pageOf('src/pages/node', add(style), page)
    // The page's names have hashes in them, so that its own hash covers all that it leads to.
    const build = createHash('sha256').update(html).digest('hex').slice(0, 16)
    const whole = html.replace('{{build}}', build)
    for (const path of ['/node', EMBED_PAGE]) {
      add({ path, body: whole, type: 'text/html; charset=utf-8' })
    }
    const builds = JSON.stringify({ node: remote, page: build })
    add({ path: '/node/build.json', body: builds, type: 'text/json' })
    await Promise.all([
      plainPage('/', 'dashboard', add, script),
      plainPage('/documents', 'documents', add, script),
      plainPage('/try', 'try', add, script, { SHOAL_SAMPLES: await sampleFiles(add) }),
    ])
    for (const [path, entry] of Object.entries(pages)) {
      const src = await script(entry, basename(entry, '.ts'), { SHOAL_ASSETS: paths })
      const body = `<!doctype html><script type="module" src="${src}"></script>`
      add({ path, body, type: 'text/html; charset=utf-8' })
    }
    const element = await bundle('src/pages/embed/main.ts', {}, stamp)
    add({
      path: EMBED_SCRIPT,
      body: element as Uint8Array<ArrayBuffer>,
      type: 'text/javascript; charset=utf-8',
    })
    const loader = await readFile(join(ROOT, 'src/pages/node/loader.js'), 'utf8')
    add({ path: '/node.js', body: loader, type: 'text/javascript; charset=utf-8' })
    return files
  } finally {
    // Its helper process would keep this one from ending.
    await stop()
  }
}

type Script = (
  entry: string,
  name: string,
  define?: Record<string, unknown>,
  plugins?: Plugin[],
) => Promise<string>

/** A page of one script and one stylesheet, from a folder of `src/pages`. */
async function plainPage(
  path: string,
  name: string,
  add: Add,
  script: Script,
  define: Record<string, unknown> = {},
): Promise<void> {
  const folder = `src/pages/${name}`
  const [style, src] = await Promise.all([
    stylesheet(`${folder}/style.css`).then((css) => add(hashedName(name, 'css', css))),
    script(`${folder}/main.ts`, name, define),
  ])
  const body = await pageOf(folder, style, src)
  add({ path, body, type: 'text/html; charset=utf-8' })
}

/** `index.html` of a folder with what all pages have: a stylesheet, a script, a word where it cannot run. */
async function pageOf(folder: string, style: string, script: string): Promise<string> {
  const read = (path: string) => readFile(join(ROOT, path), 'utf8')
  const [html, notice] = await Promise.all([
    read(`${folder}/index.html`),
    read('src/pages/not_loaded.html'),
  ])
  const oldest = OLDEST_BROWSERS.map((name) =>
    name.replace(/^[a-z]+/, (browser) => `${browser[0]!.toUpperCase()}${browser.slice(1)} `)
  ).join(', ')
  return html.replace('{{style}}', style).replace('{{script}}', script)
    .replace('{{ notice }}', notice.replace('{{ oldest }}', oldest).trimEnd())
}

/**
 * What the try-it page offers to begin with, by name; fetched when one is taken. Under `/samples/` for
 * people without a checkout, too.
 */
async function sampleFiles(add: Add): Promise<Record<string, string>> {
  const names = ['page.jpg', 'note.png', 'shelf.jpg', 'receipt.jpg', 'receipt.txt']
  const there = names.filter((name) => existsSync(join(ROOT, 'demo', 'samples', name)))
  const entries = there.map(async (name) => {
    const file = await hashedFile(join(ROOT, 'demo', 'samples', name))
    add({ ...file, path: `/samples/${name}` })
    return [name, add(file)]
  })
  return Object.fromEntries(await Promise.all(entries))
}

/** The oldest browsers that pages and nodes are made for, as esbuild calls them. */
export const OLDEST_BROWSERS = ['chrome111', 'firefox115', 'safari16.4'] as const

async function bundle(
  entry: string,
  define: Record<string, unknown>,
  stamp: string,
  plugins: Plugin[] = [],
): Promise<Uint8Array> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    target: [...OLDEST_BROWSERS],
    platform: 'browser',
    minify: true,
    legalComments: 'none',
    logLevel: 'silent',
    // The engine is loaded from its own files: its parts look for each other by URL.
    external: ['onnxruntime-web', 'onnxruntime-web/*', 'onnxruntime-node', 'node:*'],
    plugins: [withoutLocales, ...plugins],
    footer: { js: stamp === '' ? '' : `// ${stamp}` },
    define: Object.fromEntries(
      Object.entries(define).map(([name, value]) => [name, JSON.stringify(value)]),
    ),
  })
  return outputFiles[0]!.contents
}

/** The messages of the protocol's checker in fifty languages are no use to a node. */
const withoutLocales: Plugin = {
  name: 'without-locales',
  setup(build) {
    build.onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: `export { default as en } from './en.js'`,
    }))
  },
}

async function stylesheet(entry: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    bundle: true,
    write: false,
    minify: true,
    logLevel: 'silent',
  })
  return outputFiles[0]!.contents
}

type Add = (asset: { path: string } & Asset) => string

/** The module of each build and the two files that it looks up by their names. */
async function ortFiles(add: Add): Promise<AssetPaths['ort']> {
  const builds = {
    wasm: ['ort.wasm.min.mjs', 'ort-wasm-simd-threaded'],
    webgpu: ['ort.webgpu.min.mjs', 'ort-wasm-simd-threaded.asyncify'],
  } as const
  const entries = Object.entries(builds).map(async ([name, [module, glue]]) => {
    const file = async (name: string) => add(await hashedFile(join(ORT_DIST, name)))
    const files = {
      module: await file(module),
      mjs: await file(`${glue}.mjs`),
      wasm: await file(`${glue}.wasm`),
    }
    return [name, files]
  })
  return Object.fromEntries(await Promise.all(entries))
}

/**
 * What every node of a browser downloads besides models; codecs come when first needed. Told when it
 * is asked for: to gzip the engine takes a tenth of the time in which a coordinator starts.
 */
const engineBytes = (files: readonly Asset[]) =>
  ReadableStream.from<Uint8Array>((async function* () {
    const packed = await Promise.all(files.map((file) => file.packed!()))
    const bytes = packed.reduce((sum, { byteLength }) => sum + byteLength, 0)
    yield new TextEncoder().encode(JSON.stringify({ bytes }))
  })())

async function codecFiles(add: Add): Promise<AssetPaths['codecs']> {
  const entries = Object.entries(codecAssetUrls()).map(async ([name, url]) => {
    const file = fromFileUrl(new URL(url))
    return [name, add(await hashedFile(file, basename(file, '.wasm')))]
  })
  return Object.fromEntries(await Promise.all(entries))
}
