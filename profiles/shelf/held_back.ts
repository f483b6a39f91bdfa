/**
 * Scenes that no network was trained on, with what is on them.
 *
 * @module
 */

export interface Thing {
  /** One of `clothes`, `shoe`, `bag`, `tag`. */
  kind: string
  /** The garment's name, or the price. */
  what: string
  /** Left, top, right, bottom, in pixels. */
  box: [number, number, number, number]
}

export interface Scene {
  /** A JPEG. */
  bytes: Uint8Array
  things: Thing[]
}

/** What `held-back.json` says of `held-back.bin`, where the JPEGs lie one after the other. */
export interface Index {
  width: number
  height: number
  firstSeed: number
  kinds: string[]
  scenes: { bytes: number; things: [kind: number, what: string, box: Thing['box']][] }[]
}

let read: Promise<{ index: Index; scenes: Scene[] }> | undefined

/** All of them, read once. */
export function heldBack(): Promise<{ index: Index; scenes: Scene[] }> {
  return read ??= load()
}

async function load() {
  const index: Index = JSON.parse(
    await Deno.readTextFile(new URL('held-back.json', import.meta.url)),
  )
  const file = await Deno.readFile(new URL('held-back.bin', import.meta.url))
  let at = 0
  const scenes = index.scenes.map(({ bytes, things }): Scene => ({
    bytes: file.subarray(at, at += bytes),
    things: things.map(([kind, what, box]) => ({ kind: index.kinds[kind]!, what, box })),
  }))
  return { index, scenes }
}
