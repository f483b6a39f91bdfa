import type { Pipeline } from './schema.ts'
import { PipelineError } from './error.ts'
import { prefixCount, variantsOnPath } from './tree.ts'

/** Each is looked at by every plan. */
export const MOST_PREFIXES = 100_000

/** Checks that the tasks form a tree from `root` and that every name used is a name defined. */
export function checkTree(pipeline: Pipeline, file: string): void {
  const fail = (path: string, fault: string): never => {
    throw new PipelineError(file, path, fault)
  }
  if (!Object.hasOwn(pipeline.tasks, pipeline.root)) {
    fail('root', `names task ${pipeline.root}, which is not among tasks`)
  }
  if (pipeline.tasks[pipeline.root]!.gather) {
    fail(
      `tasks.${pipeline.root}.gather`,
      'the root has no task before it whose items it could take',
    )
  }
  const parents = new Map<string, string>()
  for (const [taskName, task] of Object.entries(pipeline.tasks)) {
    task.next.forEach((child, i) => {
      const at = `tasks.${taskName}.next.${i}`
      if (!Object.hasOwn(pipeline.tasks, child)) {
        fail(at, `names task ${child}, which is not among tasks`)
      }
      if (child === pipeline.root) fail(at, `leads back to the root ${child}: tasks form a tree`)
      if (parents.has(child)) {
        fail(
          at,
          `task ${child} has a second parent, after ${parents.get(child)}: tasks form a tree`,
        )
      }
      parents.set(child, taskName)
    })
    for (const [variantName, variant] of Object.entries(task.variants)) {
      for (const child of Object.keys(variant.fanOut ?? {})) {
        if (!task.next.includes(child)) {
          fail(
            `tasks.${taskName}.variants.${variantName}.fanOut.${child}`,
            `task ${child} is not in next of ${taskName}`,
          )
        }
      }
    }
  }
  for (const taskName of Object.keys(pipeline.tasks)) {
    // A circle apart from the root gives each of its tasks one parent: walk up until root or a repeat.
    const seen = new Set<string>()
    let at: string | undefined = taskName
    while (at !== undefined && at !== pipeline.root && !seen.has(at)) {
      seen.add(at)
      at = parents.get(at)
    }
    if (at !== pipeline.root) fail(`tasks.${taskName}`, `cannot be reached from the root`)
  }
  const prefixes = prefixCount(pipeline)
  if (prefixes > MOST_PREFIXES) {
    fail(
      'tasks',
      `variants can follow each other in ${prefixes} ways, of which there may be ` +
        `${MOST_PREFIXES}: leave some variants out`,
    )
  }
  for (const [list, output] of Object.entries(pipeline.output ?? {})) {
    if (!Object.hasOwn(pipeline.tasks, output.each)) {
      fail(`output.${list}.each`, `names task ${output.each}, which is not among tasks`)
    }
    const { renewed, only = false } = output
    if (renewed !== undefined && !Object.hasOwn(pipeline.tasks, renewed.each)) {
      fail(`output.${list}.renewed.each`, `names task ${renewed.each}, which is not among tasks`)
    }
    if (renewed !== undefined && (!only || output.with.length !== 1)) {
      fail(`output.${list}.renewed`, 'needs only, and with of one field: the list of that field')
    }
    const again = repeated(output.with)
    if (again >= 0) fail(`output.${list}.with.${again}`, `names ${output.with[again]} twice`)
  }
  const paths = (pipeline.pathAccuracy ?? []).map(({ path }) => path)
  paths.forEach((path, i) => {
    const found = variantsOnPath(pipeline, path)
    if (found === 0) {
      fail(`pathAccuracy.${i}.path`, `${path.join(' > ')} is no path of variants from the root`)
    }
    if (found > 1) {
      fail(`pathAccuracy.${i}.path`, `${path.join(' > ')} fits more than one path: rename variants`)
    }
  })
  const again = repeated(paths.map((path) => path.join(' > ')))
  if (again >= 0) {
    fail(`pathAccuracy.${again}.path`, `${paths[again]!.join(' > ')} is there twice`)
  }
}

/** Where something stands that stood before; below 0 where nothing does. */
const repeated = (names: readonly string[]): number =>
  names.findIndex((name, i) => names.indexOf(name) < i)
