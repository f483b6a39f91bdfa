/** Names under which a coordinator is reached, as whoever starts it writes them and as browsers do. */
import { deepEqual, equal } from 'node:assert/strict'
import { startCoordinator } from '../../src/cli/serve/coordinator.ts'
import { addressNamed, hostNamed } from '../../src/cli/serve/own_hosts.ts'

Deno.test('hostNamed() writes a name as browsers do, and has none for what they never name', () => {
  deepEqual(
    ['pool.example', 'Pool.Example', 'pool.example:80', '192.0.2.7', '2001:DB8::5', '[::1]'].map(
      hostNamed,
    ),
    ['pool.example', 'pool.example', 'pool.example', '192.0.2.7', '[2001:db8::5]', '[::1]'],
  )
  for (
    const text of [
      ...['', 'a b', 'http://pool.example', 'pool.example/node', 'pool.example:8443'],
      ...['*.example', 'me@pool.example', '2001:db8::5:x'],
    ]
  ) equal(hostNamed(text), undefined, text)
})

Deno.test('addressNamed() has one spelling for an address to serve on, however it is written', () => {
  for (
    const [text, address] of [
      ...[['[::1]', '::1'], ['::1', '::1'], ['0:0:0:0:0:0:0:1', '::1'], ['FD00::2', 'fd00::2']],
      ...[['[::]', '::'], ['0::0', '::'], ['0', '0.0.0.0'], ['127.1', '127.0.0.1']],
      ...[['LOCALHOST', 'localhost'], ['192.0.2.7', '192.0.2.7']],
    ] as const
  ) equal(addressNamed(text), address, text)
  for (const text of ['', 'a b', 'fe80::1%eth0', '[::1]:8787', 'http://127.0.0.1']) {
    equal(addressNamed(text), undefined, text)
  }
})

Deno.test('a page joins under a name that was given in other letters', async () => {
  const name = hostNamed('Pool.Example')!
  const coordinator = startCoordinator({ pipelines: [], port: 0, allowHosts: [name] })
  const { port } = new URL(coordinator.url)
  try {
    const conn = await Deno.connect({ hostname: '127.0.0.1', port: Number(port) })
    const host = `pool.example:${port}`
    const request = [
      ...['GET /v1/link HTTP/1.1', `Host: ${host}`, `Origin: http://${host}`],
      ...['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
      ...['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', '', ''],
    ].join('\r\n')
    await conn.write(new TextEncoder().encode(request))
    const bytes = new Uint8Array(4096)
    const size = await conn.read(bytes)
    equal(new TextDecoder().decode(bytes.subarray(0, size!)).split('\r\n')[0]!.split(' ')[1], '101')
    conn.close()
  } finally {
    await coordinator.close(100)
  }
})

const hasIpv6 = (() => {
  try {
    Deno.listen({ hostname: '::1', port: 0 }).close()
    return true
  } catch {
    return false
  }
})()

Deno.test({
  name: 'a coordinator on the loopback address of IPv6 is reached by the URL that it gives' +
    (hasIpv6 ? '' : ' (skipped: there is no IPv6)'),
  ignore: !hasIpv6,
  async fn() {
    const { url, localUrl, close } = startCoordinator({ pipelines: [], port: 0, host: '::1' })
    try {
      // A machine's localhost may be its address of IPv4 alone.
      for (const one of [url, localUrl]) equal(new URL(one).hostname, '[::1]')
      deepEqual(await (await fetch(`${url}/v1/nodes`)).json(), { nodes: [] })
    } finally {
      await close(100)
    }
  },
})
