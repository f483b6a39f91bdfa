import { join } from 'node:path'
import { ROOT } from '../../src/cli/root.ts'

/** All files of a folder of ours, as paths from the project's folder. */
export async function filesUnder(dir: string): Promise<string[]> {
  const found: string[] = []
  for await (const { name, isDirectory } of Deno.readDir(join(ROOT, dir))) {
    if (isDirectory) found.push(...await filesUnder(`${dir}/${name}`))
    else found.push(`${dir}/${name}`)
  }
  return found
}
