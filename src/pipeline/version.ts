/**
 * Versions of a pipeline that is reloaded while it serves: inside, the second is called `NAME~2`,
 * beside `NAME`; whoever asks sees one name.
 *
 * @module
 */
import type { Pipeline } from './schema.ts'

export function publicName(name: string): string {
  const at = name.indexOf('~')
  return at < 0 ? name : name.slice(0, at)
}

/** 1 for what was served from the start. */
export function versionOf(name: string): number {
  const at = name.indexOf('~')
  return at < 0 ? 1 : Number(name.slice(at + 1))
}

export const asVersion = (pipeline: Pipeline, version: number): Pipeline => ({
  ...pipeline,
  name: version === 1 ? publicName(pipeline.name) : `${publicName(pipeline.name)}~${version}`,
})
