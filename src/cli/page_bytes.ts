/**
 * What a page costs on the network.
 *
 * @module
 */
import type { Page } from 'playwright-core'

/** Bytes from now on, as they came: compressed, headers included; of a stream that goes on, what came so far. */
export async function countBytes(page: Page): Promise<() => number> {
  const session = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  const bytes = new Map<string, number>()
  session.on('Network.dataReceived', ({ requestId, dataLength }) => {
    bytes.set(requestId, (bytes.get(requestId) ?? 0) + dataLength)
  })
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    bytes.set(requestId, encodedDataLength)
  })
  return () => [...bytes.values()].reduce((sum, one) => sum + one, 0)
}
