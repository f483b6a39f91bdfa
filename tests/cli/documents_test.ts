/** `deno task documents` over a real coordinator, a real node, and documents on disk. */
import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { ROOT } from '../../src/cli/root.ts'
import { testOfAll } from '../exhaustive.ts'
import { SAMPLE_PAGE, startServing } from '../../src/cli/serve/serving.ts'
import { createKeyring, hashOf, makeKey } from '../../src/coordinator/core/keys.ts'
import { encryptedPdf, pdfOf, pdfWithoutSecondPage } from '../documents/made.ts'
import { said } from '../said.ts'

const DOCUMENTS = join(ROOT, 'profiles', 'documents')
const FEW = ['150dpi', '960x736', 'h32w480', 'blocks']
const STATE = '.shoal-documents.json'

const commandOf = (args: readonly string[]) =>
  new Deno.Command(Deno.execPath(), {
    args: ['run', '-A', '--no-check', '--quiet', join(ROOT, 'src/cli/documents.ts'), ...args],
    ...{ stdin: 'null', stdout: 'piped', stderr: 'piped' } as const,
    env: { SHOAL_CLIENT_KEY: '' },
  })

async function run(...args: string[]) {
  const { code, stdout, stderr } = await commandOf(args).output()
  const out = new TextDecoder().decode(stdout)
  return { code, out, error: said(stderr), lines: out.trimEnd().split('\n') }
}

/** Files by their names, in a folder that is removed at the end. */
async function folderOf(files: { [name: string]: Uint8Array | string }) {
  const dir = await Deno.realPath(await Deno.makeTempDir())
  for (const [name, content] of Object.entries(files)) {
    const path = join(dir, name)
    await Deno.mkdir(dirname(path), { recursive: true })
    if (typeof content === 'string') await Deno.writeTextFile(path, content)
    else await Deno.writeFile(path, content)
  }
  return { dir, [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }) }
}

/** What a process says up to these words; the rest is read and dropped. */
async function until({ stdout }: Deno.ChildProcess, words: RegExp): Promise<string> {
  const reader = stdout.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (!words.test(text)) {
    const { value, done } = await reader.read()
    assert.ok(!done, `it ended: ${text}`)
    text += value
  }
  void (async () => {
    while (!(await reader.read()).done);
  })()
  return text
}

const jobsOf = async (url: string): Promise<{ id: string }[]> =>
  (await (await fetch(`${url}/v1/jobs`)).json()).jobs

Deno.test('what cannot be used is told in a line, with what to do', async () => {
  await using from = await folderOf({ 'a.pdf': await pdfOf(['A page']) })
  await using empty = await folderOf({ 'notes/note.txt': 'a note', 'none.pdf': '' })
  await using to = await folderOf({ [STATE]: '{' })
  const fine = [from.dir, '--to', join(to.dir, 'new')]
  const nowhere = 'http://localhost:9'
  const serving = await startServing([])
  const keyed = await startServing([], {
    keyring: createKeyring([{ name: 'a', role: 'client', sha256: hashOf(makeKey('client')) }]),
  })
  try {
    for (
      const [args, message] of [
        [[], /^Cannot read documents: their folder is missing\n\n.*documents DIR --to DIR/s],
        [[from.dir], /^Cannot read documents: --to DIR is missing/],
        [[from.dir, empty.dir, '--to', to.dir], /^Cannot read documents: one folder at once/],
        [[...fine, '--by', '25:00'], /^Cannot use --by: .*received 25:00/],
        [[...fine, '--by', '2020-01-01T07:00'], /^Cannot use --by: that time has passed/],
        [[...fine, '--output', 'pdf,doc'], /^Cannot use --output: .*received doc/],
        [[...fine, '--url', 'pool'], /^Cannot use --url: .*received pool/],
        [[...fine, '--too'], /--too/],
        [[join(from.dir, 'b'), '--to', to.dir], /^Cannot read .*b: there is no such folder/],
        [[join(from.dir, 'a.pdf'), '--to', to.dir], /^Cannot read .*a\.pdf: it is no folder/],
        [[from.dir, '--to', from.dir], /^Cannot write to .* the documents themselves/],
        [
          [empty.dir, '--to', to.dir],
          /^left out 2: none\.pdf \(empty\); notes\/note\.txt \(no PDF.*\)\nCannot read .*: no PDF/,
        ],
        [[...fine, '--url', nowhere], /^Cannot reach http:\/\/localhost:9: is a coordinator/],
        [[...fine, '--url', serving.localUrl], /does not serve the pipeline documents, but none/],
        [[...fine, '--url', keyed.localUrl], /without a key.*--key KEY, or in SHOAL_CLIENT_KEY/],
      ] as [string[], RegExp][]
    ) {
      const { code, error } = await run(...args)
      assert.match(error, message)
      assert.doesNotMatch(error, /\n\s+at /)
      assert.equal(code, 1)
    }
    const { code, out } = await run('--help')
    assert.equal(code, 0)
    assert.match(out, /documents DIR --to DIR \[options\]/)
  } finally {
    await serving.end()
    await keyed.end()
  }
})

testOfAll('a folder is read, and what of it is read is not read again', async (t) => {
  const scan = await Deno.readFile(SAMPLE_PAGE)
  await using from = await folderOf({
    'letter.pdf': await pdfOf(['A first line', 'A second page']),
    'scans/page.jpg': scan,
    'scans/page.pdf': await pdfOf(['Another page']),
    'locked.pdf': await encryptedPdf(),
    'partly.pdf': pdfWithoutSecondPage(),
    'notes.txt': 'notes',
    '.DS_Store': 'of a system',
  })
  await using target = await folderOf({})
  const serving = await startServing([DOCUMENTS], { variants: FEW })
  const { localUrl: url } = serving
  // Inside of what is read: it is passed over.
  const to = join(target.dir, 'read')
  const args = [from.dir, '--to', to, '--url', url]
  try {
    await t.step('Ctrl-C cancels: nothing is left at the coordinator', async () => {
      const child = commandOf(args).spawn()
      await until(child, /of 7 pages|still counting/)
      assert.equal((await jobsOf(url)).length, 1)
      child.kill('SIGINT')
      assert.equal((await child.status).code, 130)
      await child.stderr.cancel()
      assert.deepEqual(await jobsOf(url), [])
    })

    await t.step('a command that is killed leaves its job, the next goes on with it', async () => {
      const child = commandOf(args).spawn()
      await until(child, /of 7 pages|still counting/)
      child.kill('SIGKILL')
      await child.status
      await child.stderr.cancel()
      const [job, ...others] = await jobsOf(url)
      assert.equal(others.length, 0)
      const detached = await run(...args, '--detach')
      assert.match(detached.out, /^0 documents to read, 5 under way\n/)
      assert.equal(detached.code, 0)
      assert.deepEqual((await jobsOf(url)).map(({ id }) => id), [job!.id])

      await serving.addNode('reader')
      const { code, out, error } = await run(...args)
      assert.match(out, /^0 documents to read, 5 under way\n/)
      assert.match(
        out,
        /\n4 documents written to .*read, 2 could not be read.*:\nlocked\.pdf: The PDF is encrypted.*\npartly\.pdf: Page 2: it is damaged\n$/,
      )
      assert.match(error, /^left out 1: notes\.txt \(no PDF/)
      assert.equal(code, 2)
      assert.deepEqual(await jobsOf(url), [], 'what is here need not stay there')
    })

    await t.step(
      'outputs lie as the documents do; two of one name keep their endings',
      async () => {
        const names: string[] = []
        for (const dir of ['', 'scans/']) {
          for await (const { name, isFile } of Deno.readDir(join(to, dir))) {
            if (isFile) names.push(dir + name)
          }
        }
        assert.deepEqual(names.sort(), [
          ...[STATE, 'letter.pdf', 'letter.txt', 'partly.pdf', 'partly.txt'],
          ...[
            'scans/page.jpg.pdf',
            'scans/page.jpg.txt',
            'scans/page.pdf.pdf',
            'scans/page.pdf.txt',
          ],
        ])
        assert.match(
          await Deno.readTextFile(join(to, 'letter.txt')),
          /A first line[^]*A second page/,
        )
        assert.match(await Deno.readTextFile(join(to, 'scans/page.jpg.txt')), /\w+ \w+/)
        const pdf = await Deno.readFile(join(to, 'scans/page.jpg.pdf'))
        assert.equal(new TextDecoder().decode(pdf.subarray(0, 5)), '%PDF-')
      },
    )

    await t.step('what is read is skipped, what is new, changed or gone is read', async () => {
      for (const name of ['locked.pdf', 'partly.pdf']) await Deno.remove(join(from.dir, name))
      const again = await run(...args)
      assert.equal(again.out, '0 documents to read, 3 read before\n')
      assert.equal(again.code, 0)

      // Another time, and the same content.
      await Deno.utime(join(from.dir, 'letter.pdf'), new Date(), new Date('2020-01-01'))
      await Deno.writeFile(join(from.dir, 'scans', 'page.pdf'), await pdfOf(['It was changed']))
      await Deno.writeFile(join(from.dir, 'new.pdf'), await pdfOf(['A new one']))
      const { code, out } = await run(...args, '--by', '07:00')
      assert.match(out, /^2 documents to read, 2 read before\n/)
      assert.match(out, /\n2 documents written to /)
      assert.equal(code, 0)
      assert.match(await Deno.readTextFile(join(to, 'scans/page.pdf.txt')), /It was changed/)

      await Deno.remove(join(to, 'new.txt'))
      assert.match((await run(...args)).out, /^1 document to read, 3 read before\n/)
    })

    await t.step('what is handed in with --detach is fetched by the same command', async () => {
      const other = [...args, '--output', 'json']
      assert.match(
        (await run(...other, '--detach')).out,
        /\n4 documents handed in; the same command/,
      )
      const { out } = await run(...other)
      assert.match(out, /^0 documents to read, 4 under way\n/)
      assert.match(out, /\n4 documents written/)
      const letter = JSON.parse(await Deno.readTextFile(join(to, 'letter.json')))
      assert.match(JSON.stringify(letter), /A second page/)
    })

    await t.step('a state that is none of ours is named, and nothing is written over', async () => {
      await Deno.writeTextFile(join(to, STATE), '{"mine": true}')
      const { code, error } = await run(...args)
      assert.equal(code, 1)
      assert.match(error, /Cannot use .*\.shoal-documents\.json: .*Remove it/)
      assert.equal(await Deno.readTextFile(join(to, STATE)), '{"mine": true}')
    })
  } finally {
    await serving.end()
  }
})
