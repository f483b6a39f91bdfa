/** What a job gives away: files, a zip, events. */
import assert from 'node:assert/strict'
import { createClient, type JobEvent } from '../../../src/client/mod.ts'
import { create, ended, numbered, pagesOf, withJobs } from './scene.ts'

/** Names and contents of a zip whose files are stored as they are. */
function unzip(bytes: Uint8Array): [name: string, text: string][] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const text = (from: number, length: number) =>
    new TextDecoder().decode(bytes.subarray(from, from + length))
  const end = bytes.length - 22
  assert.equal(view.getUint32(end, true), 0x06054b50)
  const found: [string, string][] = []
  let at = view.getUint32(end + 16, true)
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    assert.equal(view.getUint32(at, true), 0x02014b50)
    assert.equal(view.getUint16(at + 10, true), 0, 'stored')
    const [size, name] = [view.getUint32(at + 24, true), view.getUint16(at + 28, true)]
    const local = view.getUint32(at + 42, true)
    const skip = 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true)
    found.push([text(at + 46, name), text(local + skip, size)])
    at += 46 + name + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
  }
  return found
}

Deno.test('a zip has each output of each document, under names that are there once', () =>
  withJobs(async (coordinator) => {
    const { id } = await create(coordinator, {
      'in/a.pdf': pagesOf(['a']),
      'none.pdf': 'none',
      'b.pdf': pagesOf(['b']),
      'b.tif': pagesOf(['c']),
    }, { output: 'text,pdf' })
    const twice = await create(coordinator, { 'x/../A.pdf': pagesOf(['1']) })
    await ended(coordinator, id)
    const shoal = createClient(coordinator.url)
    const bytes = await new Response(await shoal.jobs.zip(id)).bytes()
    const files = unzip(bytes)
    assert.deepEqual(files.map(([name]) => name), [
      ...['in/a.txt', 'in/a.pdf', 'b.pdf.txt', 'b.pdf.pdf', 'b.tif.txt', 'b.tif.pdf'],
    ])
    const alone = await (await shoal.jobs.result(id, 2, 'text')).text()
    assert.equal(files[2]![1], alone)
    await ended(coordinator, twice.id)
  }))

Deno.test('a name, however long, leads nowhere but below where a zip is unpacked', () =>
  withJobs(async (coordinator) => {
    // What is left of its first part, where the name is cut, is no part on its own.
    const long = 'n'.repeat(193)
    const names = [`a../${long}.pdf`, `/${long}.pdf`, '../../b.pdf', 'c:\\d\\..\\e.pdf']
    for (const name of names) {
      const { id } = await create(coordinator, { [name]: pagesOf(['1']) }, { output: 'text' })
      await ended(coordinator, id)
      const zip = await createClient(coordinator.url).jobs.zip(id)
      for (const [name] of unzip(await new Response(zip).bytes())) {
        assert.doesNotMatch(name, /^[/\\]|:|(^|[/\\])\.\.([/\\]|$)/)
      }
    }
  }))

Deno.test('outputs are saved, and neither shown nor run, by a browser; what is not there is not found', () =>
  withJobs(async (coordinator) => {
    const { id } = await create(coordinator, { 'ö x.pdf': pagesOf(['a']) }, { output: 'hocr' })
    await ended(coordinator, id)
    const at = `${coordinator.url}/v1/jobs/${id}/results`
    const response = await fetch(`${at}/0.hocr`)
    const { headers } = response
    const body = await response.bytes()
    assert.equal(headers.get('content-length'), String(body.byteLength))
    const disposition = headers.get('content-disposition')
    assert.equal(disposition, "attachment; filename*=UTF-8''%C3%B6%20x.hocr")
    assert.match(headers.get('content-security-policy')!, /default-src 'none'/)
    const head = await fetch(`${at}/0.hocr`, { method: 'HEAD' })
    assert.equal(head.headers.get('content-length'), headers.get('content-length'))
    for (const name of ['0.txt', '1.hocr', '0.exe', 'x', '..%2F..%2Fstore.sqlite', '0.hocr%00']) {
      const missing = await fetch(`${at}/${name}`)
      assert.equal(missing.status, 404, name)
      await missing.body?.cancel()
    }
  }))

Deno.test('events tell of each page as it comes, of each document with its outputs, and of the end', () =>
  withJobs(
    async (coordinator) => {
      const shoal = createClient(coordinator.url)
      const { id } = await shoal.jobs.create([
        { name: 'a.pdf', data: pagesOf([...numbered(4), 'bad', 'last']) },
      ])
      const seen: JobEvent[] = []
      for await (const event of shoal.jobs.events(id)) seen.push(event)
      assert.equal(seen[0]?.event, 'job')
      assert.equal(seen.at(-1)?.event, 'end')
      const indexes = seen.flatMap((one) =>
        one.event === 'page' || one.event === 'failed' ? [one.data.index] : []
      )
      assert.deepEqual(indexes.toSorted(), [0, 1, 2, 3, 4, 5])
      const [page] = seen.flatMap((one) => one.event === 'page' ? [one.data.page] : [])
      assert.match(JSON.stringify(page), /"text":"p0"/)
      const [document] = seen.flatMap((one) => one.event === 'document' ? [one.data] : [])
      assert.deepEqual(Object.keys(document!.outputs), ['text', 'json'])
      // Who comes later is told how it ended.
      const later: string[] = []
      for await (const { event } of shoal.jobs.events(id)) later.push(event)
      assert.deepEqual(later, ['job', 'end'])
    },
  ))
