/**
 * `deno task pack-client [--to DIR]`: the client as a package for `npm pack` or `npm publish`, as
 * JavaScript with its types.
 *
 * @module
 */
import './deno_version.ts'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { transform } from 'esbuild'
import ts from 'typescript'
import { ROOT } from './root.ts'

const NAME = 'shoal-client'

const USAGE = `deno task pack-client [--to DIR]
  --to DIR   folder that the package is written to, made anew; dist/client if absent`

function fail(message: string): never {
  console.error(message)
  Deno.exit(1)
}

function options() {
  try {
    const { values } = parseArgs({
      args: Deno.args,
      options: {
        to: { type: 'string', default: join(ROOT, 'dist', 'client') },
        help: { type: 'boolean' },
      },
    })
    if (!values.help) return values
  } catch (error) {
    return fail(`${(error as Error).message}\n\n${USAGE}`)
  }
  console.log(USAGE)
  return Deno.exit(0)
}

/** Whether a folder may be replaced: it is not there, empty, or packed before. */
async function isOurs(folder: string): Promise<boolean> {
  const names = await Array.fromAsync(Deno.readDir(folder)).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return []
    return fail(`Cannot pack into ${folder}: ${error.message}`)
  })
  if (names.length === 0) return true
  const text = await Deno.readTextFile(join(folder, 'package.json')).catch(() => '{}')
  try {
    return JSON.parse(text).name === NAME
  } catch {
    return false
  }
}

const { to } = options()
if (!await isOurs(to)) {
  fail(`Cannot pack into ${to}: it holds something else. Name an empty folder with --to`)
}
const from = join(ROOT, 'src', 'client')
const { version, license, description } = JSON.parse(
  await Deno.readTextFile(join(ROOT, 'package.json')),
)

/** Sources name each other as `./types.ts`; what is packed is `./types.js`. */
const asJs = (text: string) => text.replaceAll(/(from (['"])\.\/\w+)\.ts\2/g, '$1.js$2')

/** @throws Error where a declaration would need more than its own file to be told */
function declarationOf(source: string, name: string): string {
  const { outputText, diagnostics = [] } = ts.transpileDeclaration(source, {
    fileName: name,
    compilerOptions: { target: ts.ScriptTarget.ES2022, strict: true, isolatedDeclarations: true },
  })
  const [fault] = diagnostics
  if (fault !== undefined) {
    throw new Error(
      `Cannot pack ${name}: ${ts.flattenDiagnosticMessageText(fault.messageText, ' ')}`,
    )
  }
  return outputText
}

await Deno.remove(to, { recursive: true }).catch(() => {})
await Deno.mkdir(to, { recursive: true })
  .catch((error) => fail(`Cannot pack into ${to}: ${error.message}`))
for await (const { name, isFile } of Deno.readDir(from)) {
  if (!isFile) continue
  const source = await Deno.readTextFile(join(from, name))
  const { code } = await transform(source, { loader: 'ts', target: 'es2022' })
  await Deno.writeTextFile(join(to, name.replace(/ts$/, 'js')), asJs(code))
  await Deno.writeTextFile(
    join(to, name.replace(/ts$/, 'd.ts')),
    asJs(declarationOf(source, name)),
  )
}
await Deno.writeTextFile(
  join(to, 'package.json'),
  JSON.stringify(
    {
      name: NAME,
      version,
      description: `Client of Shoal. ${description}`,
      license,
      type: 'module',
      sideEffects: false,
      engines: { node: '>=18' },
      exports: { '.': { types: './mod.d.ts', default: './mod.js' } },
      types: './mod.d.ts',
      files: ['*.js', '*.d.ts'],
    },
    null,
    2,
  ) + '\n',
)
await Deno.copyFile(join(ROOT, 'LICENSE'), join(to, 'LICENSE'))
await Deno.copyFile(join(ROOT, 'docs', 'CLIENT.md'), join(to, 'README.md'))
console.log(`${to}  npm pack or npm publish it from there`)
Deno.exit(0)
