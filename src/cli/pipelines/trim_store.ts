/**
 * Bounds the folder of models: those used longest ago make room.
 *
 * Processes that run side by side share it, and each says by the date of a file that it uses it.
 *
 * @module
 */
import { join } from 'node:path'

/** As many as some hundred versions of a pipeline need. */
const MAX_BYTES = 4e9
/** Files used within this time may be in use, and always stay. */
const IN_USE_MS = 24 * 60 * 60 * 1000
/** How often a process that serves for long is to say so again. */
export const NOTE_USE_MS: number = IN_USE_MS / 4

/** What the folder may hold besides is not ours. */
const OURS = /^([0-9a-f]{64}\.onnx|index-[0-9a-f]{32}\.json)(\.\d+-[0-9a-f-]+\.part)?$/

/** These files are in use. A folder in which nobody may write keeps all it has. */
export async function noteUse(files: Iterable<string>): Promise<void> {
  const now = new Date()
  for (const file of files) await Deno.utime(file, now, now).catch(() => {})
}

/** Deletes what no longer fits, and what was never finished. Never throws: it is tried again. */
export async function trimStore(dir: string, nowMs: number, maxBytes = MAX_BYTES): Promise<void> {
  try {
    const all: { file: string; bytes: number; usedMs: number }[] = []
    for await (const { name } of Deno.readDir(dir)) {
      if (!OURS.test(name)) continue
      const file = join(dir, name)
      const { size, mtime } = await Deno.stat(file)
      all.push({ file, bytes: size, usedMs: mtime?.getTime() ?? nowMs })
    }
    let over = all.reduce((sum, { bytes }) => sum + bytes, -maxBytes)
    for (const { file, bytes, usedMs } of all.sort((a, b) => a.usedMs - b.usedMs)) {
      if (nowMs - usedMs < IN_USE_MS) return
      if (over <= 0 && !file.endsWith('.part')) continue
      await Deno.remove(file)
      over -= bytes
    }
  } catch {
    // Another process may be at the same.
  }
}
