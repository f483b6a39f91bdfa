/** `start --nodes 0`: strangers are judged by the auditor that it starts, a process of its own. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { ROOT } from '../../src/cli/root.ts'
import type { Coordinator } from '../../src/cli/serve/coordinator.ts'
import { postInfer } from '../conformance/oip_client.ts'
import { type Behaviour, joinScripted } from '../coordinator/fixture.ts'
import { inFolder, oneModel } from './own_scene.ts'
import { startProcess } from './started.ts'

/** Gives back what it is asked for, where the model takes the opposite. */
const lying: Behaviour = () => ({
  items: [{
    ...{ ok: true, fields: {}, children: {} },
    tensors: { y: { type: 'float32', dims: [1, 2], blob: 0 } },
  }],
  blobs: [new Uint8Array(Float32Array.of(1, 2).buffer)],
})

Deno.test('start with no node of its own: three sockets of one process are found out', () =>
  inFolder(oneModel, async (dir) => {
    const started = await startProcess(['--nodes', '0', '--store', 'off', '--pipeline', dir])
    const { url } = started
    const honest = new Deno.Command(Deno.execPath(), {
      args: ['run', '-A', join(ROOT, 'src/cli/node.ts'), '--join', url, '--name', 'honest'],
      ...{ stdin: 'null', stdout: 'null', stderr: 'null' },
    }).spawn()
    try {
      const left: string[] = []
      const liars = ['liar-1', 'liar-2', 'liar-3']
      for (const id of liars) {
        const { closed } = await joinScripted({ url } as Coordinator, id, lying)
        void closed.then(({ code, reason }) => left.push(`${id}: ${code} ${reason}`))
      }
      await started.logged('the auditor is there')
      const input = { name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }
      type Node = { name: string; state: string; trust: number }
      const nodes = async (): Promise<Node[]> =>
        (await (await fetch(`${url}/v1/nodes`)).json()).nodes
      const isSettled = (list: Node[]) =>
        list.every(({ name, state, trust }) =>
          name === 'honest' ? trust > 0 : state === 'quarantined'
        )
      let list = await nodes()
      while (list.length < liars.length + 1 || !isSettled(list)) {
        const { status, json } = await postInfer(`${url}/v2/models/own/infer`, { inputs: [input] })
        assert.deepEqual(left, [], 'a liar that left is judged no more')
        if (status === 200) assert.deepEqual(json.outputs[0]!.data, [-1, -2])
        list = await nodes()
      }
      assert.deepEqual(list.map(({ name }) => name).sort(), ['honest', ...liars])
    } finally {
      honest.kill('SIGTERM')
      started.child.kill('SIGTERM')
      assert.equal(await started.ended(), 0)
      await honest.status
    }
  }))

Deno.test('start without an auditor says what that gives up', () =>
  inFolder(oneModel, async (dir) => {
    const args = ['--nodes', '0', '--store', 'off', '--pipeline', dir, '--audit', 'off']
    const started = await startProcess(args)
    await started.logged('without an auditor nobody here judges what nodes say')
    started.child.kill('SIGTERM')
    assert.equal(await started.ended(), 0)
  }))
