/**
 * A phone that somebody no longer uses is what is lent first. Its browser is old: what it is sent may
 * ask for nothing that came later. Syntax is the bundler's to lower; names are looked for here.
 */
import assert from 'node:assert/strict'
import { buildAssets, OLDEST_BROWSERS } from '../../src/cli/serve/build_assets.ts'

/** Of what came after Chromium 111, Firefox 115 or Safari 16.4, what one might use unawares. */
const YOUNGER = [
  /\bwithResolvers\b/,
  /\bAbortSignal\.any\b/,
  /\b(?:Array\.fromAsync|Object\.groupBy|Map\.groupBy|Promise\.try|RegExp\.escape)\b/,
  /\b(?:fromBase64|toBase64|requestIdleCallback|Float16Array\.from)\b/,
  // Helpers of iterators.
  /\.(?:values|keys|entries)\(\)\.(?:map|filter|some|every|reduce|find|toArray|take|drop|forEach)\(/,
  // Streams are no iterables in WebKit.
  /for await\s*\([^)]*\bbody\)/,
]

// What the bundler leaves of its process ends a moment later.
Deno.test(`what browsers are sent runs in ${OLDEST_BROWSERS.join(', ')}`, {
  sanitizeOps: false,
}, async () => {
  const scripts = [...await buildAssets()].filter(([path]) => path.endsWith('.js'))
  assert.ok(scripts.length >= 5, `${scripts.length} scripts`)
  for (const [path, { body }] of scripts) {
    const text = await new Response(typeof body === 'function' ? body() : body).text()
    for (const one of YOUNGER) {
      const at = text.search(one)
      assert.equal(at, -1, `${path}: ${text.slice(at, at + 80)}`)
    }
  }
})
