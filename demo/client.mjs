// Reads a picture with the pool; the same file runs under Node, Deno and Bun:
//   node client.mjs http://localhost:8787 ocr page.jpg
import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { createClient, ShoalError } from 'shoal-client'

const [url = 'http://localhost:8787', pipeline = 'ocr', file = 'page.jpg'] = process.argv.slice(2)
const shoal = createClient(url)

try {
  const picture = new Uint8Array(await readFile(file))
  const { outputs, accuracy, latencyMs } = await shoal.infer(pipeline, picture, {
    timeoutMs: 20_000,
    minAccuracy: 0.5,
  })
  for (const { text } of outputs.lines) console.log(text)
  console.error(`accuracy ${accuracy.toFixed(3)}, ${Math.round(latencyMs)} ms`)
} catch (error) {
  if (!(error instanceof ShoalError)) throw error
  console.error(`${error.reason}: ${error.message}`)
  process.exitCode = 1
}
