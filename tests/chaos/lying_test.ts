/** Real nodes that lie, as processes: found out, set aside with a reason, and no client is told a lie. */
import assert from 'node:assert/strict'
import { fromFileUrl } from '../../src/cli/root.ts'
import type { OcrOutputs } from '../../src/client/types.ts'
import { startChaosScene } from '../../src/bench/chaos/scene.ts'
import { few } from '../exhaustive.ts'
import { editDistance } from '../../profiles/ocr/score.ts'

/** The other kinds are in virtual time, in `tests/policy/trust`. */
const LIES = ['subtle', 'other text', 'other digit'].slice(0, few(2, 3))

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
  const scene = await startChaosScene({ trust: true, timeoutMs: 60_000 })
  try {
    await scene.addNode('own', { own: true })
    const { status, outputs: truth } = await scene.ask()
    assert.equal(status, '200')
    await Promise.all(
      [...LIES.map((lie) => scene.addNode(lie, { file: LIAR })), scene.addNode('honest')],
    )
    const standing = (name: string) => scene.pool.nodes().find((node) => node.name === name)!
    const isSettled = () =>
      LIES.every((lie) => standing(lie).state === 'quarantined') &&
      standing('honest').trust > 0
    while (!isSettled()) {
      for (const lie of LIES) assert.equal(standing(lie).trust, 0, `${lie} is believed`)
      const answers = await Promise.all(Array.from({ length: 3 }, () => scene.ask()))
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
