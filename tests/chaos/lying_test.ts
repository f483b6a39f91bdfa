/** Real nodes that lie, as processes: found out, set aside with a reason, and no client is told a lie. */
import assert from 'node:assert/strict'
import type { OcrOutputs } from '../../src/client/types.ts'
import { startChaosScene } from '../../src/cli/bench/chaos/scene.ts'
import { likeness } from '../../src/stages/agreement/json.ts'

/** The other kinds are in virtual time, in `tests/policy/trust`. */
const LIES = ['garbage', 'subtle']

/** Crops may have travelled as JPEG, and so be read a little otherwise. */
function isRight(said: unknown, truth: unknown): boolean {
  const [a, b] = [(said as OcrOutputs).lines, (truth as OcrOutputs).lines]
  return a.length === b.length && a.every(({ text, box, confidence }, i) => {
    const { text: other, box: otherBox, confidence: sure } = b[i]!
    const moved = box.flat().map((value, k) => Math.abs(value - otherBox.flat()[k]!))
    return likeness(text, other) > 0.8 && Math.max(...moved) < 4 &&
      Math.abs(confidence - sure) < 0.05
  })
}

Deno.test('nodes that lie go into quarantine, and clients get the truth', async () => {
  const scene = await startChaosScene({ trust: true, timeoutMs: 60_000 })
  try {
    await scene.addNode('own', { own: true })
    const { status, outputs: truth } = await scene.ask()
    assert.equal(status, '200')
    await Promise.all(
      [...LIES, undefined].map((lie) =>
        scene.addNode(lie ?? 'honest', lie === undefined ? {} : { lie })
      ),
    )
    const standing = (name: string) => scene.pool.nodes().find((node) => node.name === name)!
    const isSettled = () =>
      LIES.every((lie) => standing(lie).state === 'quarantined') &&
      standing('honest').trust > 0
    while (!isSettled()) {
      const answers = await Promise.all(Array.from({ length: 3 }, () => scene.ask()))
      for (const { status, outputs } of answers) {
        assert.equal(status, '200')
        assert.ok(isRight(outputs, truth), JSON.stringify([outputs, truth]))
      }
    }
    for (const lie of LIES) {
      const { trust, trustReason } = standing(lie)
      assert.equal(trust, 0)
      assert.match(trustReason ?? '', /otherwise|known|without|none|size|outside/, lie)
    }
    const metrics = await (await fetch(`${scene.url}/metrics`)).text()
    assert.match(metrics, new RegExp(`shoal_nodes{state="quarantined"} ${LIES.length}`))
    assert.match(metrics, /shoal_nodes_judged_total{standing="trusted"} 1/)
  } finally {
    await scene.end()
  }
})
