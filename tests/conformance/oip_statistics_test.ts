/** What v2 says of the requests so far. */
import assert from 'node:assert/strict'
import { get, imageJson, postInfer } from './oip_client.ts'
import { picture, withPages } from './oip_scene.ts'

Deno.test('v2: statistics count requests, pictures, batches and where the time went', () =>
  withPages(async (_, models) => {
    const before = Date.now()
    const url = `${models}/pages/infer`
    await postInfer(url, { inputs: [imageJson([picture(2)])] })
    await postInfer(url, { inputs: [imageJson([picture(1), picture(0)])] })
    await postInfer(url, { inputs: [] })
    const of = await get(`${models}/pages/stats`)
    assert.deepEqual(Object.keys(of.json), ['model_stats'])
    assert.deepEqual((await get(`${models}/stats`)).json, of.json)
    assert.deepEqual((await get(`${models}/pages/versions/1/stats`)).json, of.json)
    const [stat] = of.json.model_stats
    assert.equal(of.json.model_stats.length, 1)
    assert.equal(stat.name, 'pages')
    assert.equal(stat.version, '1')
    assert.ok(stat.last_inference >= before && stat.last_inference <= Date.now())
    assert.equal(stat.inference_count, 3)
    const parts = stat.inference_stats
    assert.deepEqual(Object.keys(parts).sort(), [
      ...['cache_hit', 'cache_miss', 'compute_infer', 'compute_input', 'compute_output', 'fail'],
      ...['queue', 'success'],
    ])
    for (const { count, ns } of Object.values(parts) as { count: number; ns: number }[]) {
      assert.ok(Number.isInteger(count) && Number.isInteger(ns) && ns >= 0)
    }
    // Two requests of three pictures; the third request had none.
    assert.equal(parts.success.count, 2)
    assert.equal(parts.fail.count, 1)
    assert.ok(parts.success.ns > 0)
    for (const part of ['queue', 'compute_input', 'compute_infer', 'compute_output']) {
      assert.equal(parts[part].count, 2, part)
    }
    // Each batch of the node claims a millisecond, and a query has at least one.
    assert.ok(parts.compute_infer.ns >= 3e6)
    const sizes = stat.batch_stats as {
      batch_size: number
      compute_infer: { count: number; ns: number }
    }[]
    const sum = (value: (one: typeof sizes[number]) => number) =>
      sizes.reduce((total, one) => total + value(one), 0)
    assert.equal(sum(({ compute_infer }) => compute_infer.count), stat.execution_count)
    // 3 pictures and 3 lines.
    assert.equal(sum(({ batch_size, compute_infer }) => batch_size * compute_infer.count), 6)
    for (const one of sizes) {
      assert.deepEqual(Object.keys(one).sort(), [
        ...['batch_size', 'compute_infer', 'compute_input', 'compute_output'],
      ])
      assert.equal(one.compute_infer.ns, 1e6 * one.compute_infer.count)
    }
  }))

Deno.test('v2: an answer that is none counts as failed', () =>
  withPages(
    async (_, models) => {
      const { status } = await postInfer(`${models}/pages/infer`, {
        inputs: [imageJson([picture(0)])],
      })
      assert.equal(status, 502)
      const { json } = await get(`${models}/pages/stats`)
      const { success, fail } = json.model_stats[0].inference_stats
      assert.deepEqual([success.count, fail.count], [0, 1])
    },
    // A line without its words.
    ({ message }) => ({
      blobs: [new Uint8Array(1)],
      items: message.items.map(() => ({
        ...{ ok: true, fields: message.task === 'read' ? { text: 7 } : null },
        children: message.task === 'read' ? {} : { read: [{ meta: {}, blob: 0 }] },
      })),
    }),
  ))
