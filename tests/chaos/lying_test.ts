/** Real nodes that lie, as processes: found out, set aside with a reason, and no client is told a lie. */
import assert from 'node:assert/strict'
import { fromFileUrl } from '../../src/cli/root.ts'
import type { OcrOutputs } from '../../src/client/types.ts'
import { openPool } from '../../src/bench/pool.ts'
import { infer, outcomeOf } from '../../src/bench/tools.ts'
import { withVariants } from '../../src/cli/pipelines/fewer_variants.ts'
import { loadPipelines } from '../../src/cli/pipelines/load.ts'
import { OCR, SAMPLE_PAGE } from '../../src/cli/serve/serving.ts'
import { createOwnToken, trustOptions } from '../../src/cli/serve/trust.ts'
import { few } from '../exhaustive.ts'
import { editDistance } from '../../profiles/ocr/score.ts'

/** The other kinds are in virtual time, in `tests/policy/trust`. */
const LIES = ['subtle', 'other text', 'other digit'].slice(0, few(2, 3))

/** Variants that read the page well: what the quickest guess at changes with the format of its crops. */
const READABLE = ['480x640', 'h24w384']

const LIAR = fromFileUrl(new URL('./lying_node.ts', import.meta.url))

/** Of a page whose crops travelled as JPEG, which are read a little otherwise: characters in all. */
const MOST_EDITS = 4

function isRight(said: unknown, truth: unknown): boolean {
  const [a, b] = [(said as OcrOutputs).lines, (truth as OcrOutputs).lines]
  if (a.length !== b.length) return false
  let edits = 0
  for (const [i, { text, box, confidence }] of a.entries()) {
    const { text: other, box: otherBox, confidence: sure } = b[i]!
    const moved = box.flat().map((value, k) => Math.abs(value - otherBox.flat()[k]!))
    if (Math.max(...moved) >= 4 || Math.abs(confidence - sure) >= 0.05) return false
    edits += editDistance(text, other)
  }
  return edits <= MOST_EDITS
}

Deno.test('nodes that lie go into quarantine, and clients get the truth', async () => {
  const pipelines = (await loadPipelines([OCR], () => {})).map((one) => withVariants(one, READABLE))
  const own = createOwnToken()
  const trust = await trustOptions(pipelines)
  const scene = openPool({ pipelines, hedge: true, isOwn: own.isOwn, trust })
  const page = await Deno.readFile(SAMPLE_PAGE)
  const ask = async () => {
    const answer = await infer(scene.localUrl, 'ocr', page, { timeoutMs: 60_000 })
    const { status, body } = await outcomeOf(answer)
    return { status, outputs: body.outputs as unknown }
  }
  const addNode = (name: string, order: Parameters<typeof scene.spawn>[1] = {}) => {
    scene.spawn(name, order)
    return scene.full(name)
  }
  try {
    await addNode('own', { env: { SHOAL_TOKEN: own.token } })
    const { status, outputs: truth } = await ask()
    assert.equal(status, '200')
    await Promise.all(
      [...LIES.map((lie) => addNode(lie, { file: LIAR })), addNode('honest')],
    )
    const standing = (name: string) => scene.pool.nodes().find((node) => node.name === name)!
    const isSettled = () =>
      LIES.every((lie) => standing(lie).state === 'quarantined') &&
      standing('honest').trust > 0
    while (!isSettled()) {
      for (const lie of LIES) assert.equal(standing(lie).trust, 0, `${lie} is believed`)
      const answers = await Promise.all(Array.from({ length: 3 }, ask))
      for (const { status, outputs } of answers) {
        assert.equal(status, '200')
        assert.ok(isRight(outputs, truth), JSON.stringify([outputs, truth]))
      }
    }
    for (const lie of LIES) {
      const { trust, trustReason } = standing(lie)
      assert.equal(trust, 0)
      assert.match(trustReason ?? '', /. \(ocr\/(detect|recognise)\//, lie)
    }
    const metrics = await (await fetch(`${scene.url}/metrics`)).text()
    assert.match(metrics, new RegExp(`shoal_nodes{state="quarantined"} ${LIES.length}`))
    assert.match(metrics, /shoal_nodes_judged_total{standing="trusted"} 1/)
  } finally {
    await scene.end()
  }
})
