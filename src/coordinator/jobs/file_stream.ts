/**
 * Files of jobs as streams.
 *
 * @module
 */
import { open } from 'node:fs/promises'

const CHUNK = 256 * 1024

/** A file, or a part of it. The file is open only while the stream is read. */
export function streamOf(
  path: string,
  from = 0,
  to = Infinity,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let file: Awaited<ReturnType<typeof open>> | undefined
  let at = from
  return new ReadableStream({
    async pull(controller) {
      try {
        file ??= await open(path)
        const most = Math.min(CHUNK, to - at)
        const { bytesRead, buffer } = await file.read(new Uint8Array(most), 0, most, at)
        at += bytesRead
        if (bytesRead > 0) return controller.enqueue(buffer.subarray(0, bytesRead))
        await file.close()
        controller.close()
      } catch (error) {
        await file?.close().catch(() => {})
        controller.error(error)
      }
    },
    async cancel() {
      await file?.close()
    },
  }, { highWaterMark: 0 })
}
