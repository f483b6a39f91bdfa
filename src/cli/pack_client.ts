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

const { values } = parseArgs({
  args: Deno.args,
  options: { to: { type: 'string', default: join(ROOT, 'dist', 'client') } },
})
const { to } = values
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
for await (const { name } of Deno.readDir(from)) {
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
      ...{ name: 'shoal-client', version, description: `Client of Shoal. ${description}`, license },
      ...{ type: 'module', sideEffects: false, engines: { node: '>=18' } },
      exports: { '.': { types: './mod.d.ts', default: './mod.js' } },
      ...{ types: './mod.d.ts', files: ['*.js', '*.d.ts'] },
    },
    null,
    2,
  ) + '\n',
)
await Deno.copyFile(join(ROOT, 'LICENSE'), join(to, 'LICENSE'))
await Deno.copyFile(join(ROOT, 'docs', 'CLIENT.md'), join(to, 'README.md'))
console.log(`${to}  npm pack or npm publish it from there`)
Deno.exit(0)
