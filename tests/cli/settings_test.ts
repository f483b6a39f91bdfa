/** Settings of `start`: flags, variables, a file, and what is wrong with them. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { ROOT } from '../../src/cli/root.ts'
import { isAll } from '../exhaustive.ts'
import { said } from '../said.ts'

/** Runs `start` in a folder with this settings file. */
async function start(file: string | undefined, args: string[], env: Record<string, string> = {}) {
  const cwd = await Deno.makeTempDir()
  try {
    if (file !== undefined) await Deno.writeTextFile(join(cwd, 'shoal.json'), file)
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...['run', '-A', '--no-check', '--config', join(ROOT, 'deno.json')],
        ...[join(ROOT, 'src', 'cli', 'start.ts'), ...args],
      ],
      ...{ cwd, env, stdin: 'null' } as const,
    }).output()
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
    return { code, out: text(stdout), error: said(stderr) }
  } finally {
    await Deno.remove(cwd, { recursive: true })
  }
}

Deno.test('a flag goes before a variable, that before the file, and each is told with where it stands', async () => {
  const file = '{\n  "port": 1,\n  "host": "::1",\n  "nodes": 3,\n  "watch": true\n}\n'
  const { code, out } = await start(
    file,
    ['--port', '2', '--allow-host', 'a.example', '--print-settings'],
    {
      ...{ SHOAL_PORT: '4', SHOAL_NODES: '5', SHOAL_WATCH: 'off', SHOAL_ADMIN_KEY: '' },
      ...{ SHOAL_ALLOW_ORIGIN: 'https://a.example, https://b.example', SHOAL_TOKEN: 'hush' },
    },
  )
  assert.equal(code, 0)
  const said = Object.fromEntries(
    out.trim().split('\n').map((line) => [line.split(' ')[0], line.split(/ +/).slice(1).join(' ')]),
  )
  assert.deepEqual(
    ['port', 'nodes', 'host', 'watch', 'code', 'allow-origin', 'allow-host', 'token', 'admin-key']
      .map((name) => said[name]),
    [
      '2 --port',
      '5 SHOAL_NODES',
      '::1 host in shoal.json, line 3',
      'false SHOAL_WATCH',
      'false default',
      'https://a.example,https://b.example SHOAL_ALLOW_ORIGIN',
      'a.example --allow-host',
      '(secret) SHOAL_TOKEN',
      '(none) default',
    ],
  )
  assert.ok(!out.includes('hush'))
})

Deno.test('what cannot be used is told with the line that it stands in', async () => {
  const faults: [string | undefined, string[], RegExp, Record<string, string>?][] = [
    [
      '{\n  "port": 1,\n  "prot": 2\n}',
      [],
      /^Cannot use prot in shoal.json, line 3: there are port, /,
    ],
    ['{\n  "watch": 1\n}', [], /^Cannot use watch in shoal.json, line 2: must be true or false/],
    ['{ "pipeline": "a" }', [], /^Cannot use pipeline in shoal.json, line 1: must be a list/],
    [
      '{\n\n"port": 70000}',
      [],
      /^Cannot use port in shoal.json, line 3: must be an integer 0\.\.65535/,
    ],
    ['[]', [], /^Cannot use shoal.json: must be an object/],
    ['{ "port": ', [], /^Cannot read shoal.json: .*JSON/],
    ['{ "__proto__": 1 }', [], /^Cannot use __proto__ in shoal.json, line 1: there are/],
    [undefined, ['--settings', 'none.json'], /^Cannot read none.json: /],
    [undefined, [], /^Cannot use SHOAL_CODE: must be true or false: received maybe/, {
      SHOAL_CODE: 'maybe',
    }],
    [
      undefined,
      [],
      /^Cannot use SHOAL_BACKEND: must be one of auto, wasm, webgpu, native: received gpu/,
      {
        SHOAL_BACKEND: 'gpu',
      },
    ],
    [undefined, ['--prot', '1'], /--prot/],
    [undefined, ['--allow-embed', 'site.example'], /^Cannot use --allow-embed: must be as https:/],
    [
      undefined,
      ['--allow-embed', 'https://site.example/page'],
      /^Cannot use --allow-embed: must be as https:/,
    ],
    ...['https://*.example', 'https://a;b', 'http://[::1]:80'].map((
      site,
    ): [string, string[], RegExp] => [
      `{ "allow-embed": ["${site}"] }`,
      [],
      /^Cannot use allow-embed in shoal.json, line 1: must name one site, as https:/,
    ]),
  ]
  // Each is a process of its own: without --all every second one.
  for (const [file, args, message, env] of faults.filter((_, i) => isAll || i % 2 === 0)) {
    const { code, error } = await start(file, args, env)
    assert.equal(code, 1, error)
    assert.match(error, message)
  }
})
