/** The pipeline that reads pages, with fewer variants: a process that serves it is up much sooner. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { OCR } from '../../src/cli/serve/serving.ts'

/** @param changes to what variants say of themselves */
export async function ocrFolder(
  names: readonly string[],
  changes: { [variant: string]: object } = {},
): Promise<string> {
  const dir = await Deno.makeTempDir()
  const file = JSON.parse(await Deno.readTextFile(join(OCR, 'pipeline.json')))
  for (const task of [file.tasks.detect, file.tasks.recognise]) {
    task.variants = Object.fromEntries(
      names.filter((name) => name in task.variants)
        .map((name) => [name, { ...task.variants[name], ...changes[name] }]),
    )
  }
  delete file.pathAccuracy
  const models = pathToFileURL(join(OCR, 'models.ts')).href
  await Deno.writeTextFile(join(dir, 'pipeline.json'), JSON.stringify(file))
  await Deno.writeTextFile(join(dir, 'models.ts'), `export * from '${models}'\n`)
  return dir
}
