/** The API document: valid, true to the routes, and true to what they answer. */
import assert from 'node:assert/strict'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { Coordinator } from '../../src/cli/serve/coordinator.ts'
import { createApp } from '../../src/coordinator/app.ts'
import { SCHEMAS } from '../../src/coordinator/apis/openapi/components.ts'
import { createKeyring, hashOf, ROLES } from '../../src/coordinator/core/keys.ts'
import { Jobs } from '../../src/coordinator/jobs/jobs.ts'
import { createPool, type Pool } from '../../src/coordinator/pool/pool.ts'
import { createScheduler } from '../../src/policy/scheduler.ts'
import { imageJson } from './oip_client.ts'
import { pages, picture, withPages } from './oip_scene.ts'

interface Operation {
  operationId: string
  security: { key?: [] }[]
  responses: Record<string, { content?: Record<string, { schema?: { $ref: string } }> }>
}
interface Document {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, object> }
}

/** Of which no call here makes any. */
const noJobs = (pool: Pool, now: () => number) =>
  new Jobs({
    ...{ pool, now, log: () => {} },
    dir: () => Promise.reject(new Error('Cannot keep jobs here')),
    createDocuments: () => assert.fail('no document is opened'),
    createBatches: () => assert.fail('no batch is read'),
  })

const readDocument = ({ url }: Coordinator): Promise<Document> =>
  fetch(`${url}/openapi.json`).then((response) => response.json())

Deno.test('/openapi.json is valid OpenAPI 3.1', () =>
  withPages(async (coordinator) => {
    const document = await readDocument(coordinator)
    const validator = new Validator()
    const { valid, errors } = await validator.validate({ ...document })
    assert.ok(valid, JSON.stringify(errors))
    assert.equal(validator.version, '3.1')
    const ids = Object.values(document.paths).flatMap((item) =>
      Object.values(item).map(({ operationId }) => operationId)
    )
    assert.equal(new Set(ids).size, ids.length)
  }))

Deno.test('/openapi.json tells of each route, and of nothing else', () =>
  withPages(async (coordinator) => {
    const now = () => performance.now()
    const log = () => {}
    const served = [{ pipeline: pages, models: {} }]
    const pool = createPool({
      served,
      scheduler: createScheduler({ pipelines: [pages] }),
      now,
      log,
    })
    const jobs = noJobs(pool, now)
    const app = createApp({ pool, readModel: () => Promise.resolve(undefined), now, log, jobs })
    await pool.drain(0)
    await jobs.close()
    const routes = new Set(
      app.routes.filter(({ method }) => method !== 'ALL')
        .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`),
    )
    // Answered where the model of a name is.
    routes.add('GET /v2/models/stats')
    const { paths } = await readDocument(coordinator)
    const told = Object.entries(paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`)
    )
    assert.deepEqual([...routes].sort(), told.sort())
  }))

Deno.test('/openapi.json tells which calls take a key, as the check of access does', () =>
  withPages(async (coordinator) => {
    const now = () => performance.now()
    const log = () => {}
    const pool = createPool({
      served: [{ pipeline: pages, models: {} }],
      scheduler: createScheduler({ pipelines: [pages] }),
      ...{ now, log },
    })
    const keyring = createKeyring(
      ROLES.map((role) => ({ name: role, role, sha256: hashOf(`key-of-${role}`) })),
    )
    const readModel = () => Promise.resolve(undefined)
    const jobs = noJobs(pool, now)
    const app = createApp({ pool, readModel, now, log, keyring, jobs })
    await jobs.close()
    const headers = { authorization: 'Bearer key-of-admin' }
    await pool.drain(0)
    const { paths } = await readDocument(coordinator)
    for (const [path, item] of Object.entries(paths)) {
      for (const [method, { security }] of Object.entries(item)) {
        const at = placed(path)
        const init = { method: method.toUpperCase() }
        const without = await app.request(at, init)
        const withKey = await app.request(at, { ...init, headers })
        const needs = !security.some(({ key }) => key === undefined) && security.length > 0
        assert.equal(without.status === 401, needs, `${method} ${path}`)
        if (!needs && /json/.test(without.headers.get('content-type') ?? '')) {
          const differs = await without.text() !== await withKey.text()
          assert.equal(differs, security.length > 0, `${method} ${path}`)
        }
      }
    }
  }))

/** Fills in what a path leaves open. */
const PLACES: Record<string, string> = {
  ...{ name: 'pages', model: 'pages', version: '1', id: 'one', sha256: 'none', file: 'none.js' },
  ...{ task: 'find', variant: 'fast' },
}

const placed = (path: string) =>
  path.replaceAll(/\{(\w+)\}/g, (_, name) => PLACES[name] ?? assert.fail(name))

function call(url: string, method: string, path: string): Promise<Response> {
  const at = url + placed(path)
  if (!path.endsWith('/infer')) return fetch(at, { method })
  const body = JSON.stringify({ inputs: [imageJson([picture(2)])] })
  return fetch(at, { method, body, headers: { 'content-type': 'application/json' } })
}

Deno.test('every call answers as /openapi.json says, field by field', (t) =>
  withPages(async (coordinator) => {
    const { paths, components } = await readDocument(coordinator)
    const ajv = new Ajv2020({ strict: false, validateFormats: false })
    ajv.addSchema({ $id: 'doc', components })
    const calls = Object.entries(paths)
      .flatMap(([path, item]) =>
        Object.entries(item).map(([method, { responses }]) => ({ path, method, responses }))
      )
      // What takes the node away comes last.
      .sort((a, b) => rank(a) - rank(b))
    for (const { path, method, responses } of calls) {
      await t.step(`${method} ${path}`, async () => {
        const response = await call(coordinator.url, method.toUpperCase(), path)
        const told = responses[response.status]
        assert.ok(told !== undefined, `${response.status} is not told of`)
        const type = (response.headers.get('content-type') ?? '').split(';')[0] ?? ''
        if (type === 'text/event-stream') return await response.body?.cancel()
        const text = await response.text()
        if (told.content === undefined) return assert.equal(text, '')
        const media = told.content[type]
        assert.ok(media !== undefined, `${type} is not told of`)
        if (media.schema === undefined) return assert.notEqual(text, '')
        const validate = ajv.compile({ $ref: `doc${media.schema.$ref}` })
        const json = JSON.parse(text)
        assert.ok(validate(json), JSON.stringify(validate.errors))
        // Nothing is answered that the document keeps silent about.
        const name = media.schema.$ref.split('/').at(-1) as keyof typeof SCHEMAS
        assert.deepEqual(SCHEMAS[name].parse(json), json)
      })
    }
  }))

Deno.test('HEAD tells what GET does, its length included', () =>
  withPages(async ({ url }) => {
    const asked = [
      '/v1/pipelines',
      '/v1/nodes',
      '/v2',
      '/v2/models/pages',
      '/openapi.json',
      '/docs',
    ]
    for (const path of [...asked, '/v2/models/none', '/v1/pipelines/pages/infer', '/none']) {
      const get = await fetch(url + path)
      const { byteLength } = await get.bytes()
      const head = await fetch(url + path, { method: 'HEAD' })
      assert.equal(head.status, get.status, path)
      assert.equal(head.headers.get('content-type'), get.headers.get('content-type'), path)
      assert.ok(byteLength > 0, path)
      // What was asked with is in the words of a refusal.
      if (get.ok) assert.equal(head.headers.get('content-length'), String(byteLength), path)
      else assert.notEqual(head.headers.get('content-length'), '0', path)
    }
  }))

Deno.test('a body of /v1/.../infer is of one of the schemas told: a picture, or tensors', () =>
  withPages(async (coordinator) => {
    const { paths, components } = await readDocument(coordinator)
    const ajv = new Ajv2020({ strict: false, validateFormats: false })
    ajv.addSchema({ $id: 'doc', components })
    const { requestBody } = paths['/v1/pipelines/{name}/infer']!['post'] as unknown as {
      requestBody: { content: Record<string, { schema: { oneOf: { $ref: string }[] } }> }
    }
    const { oneOf } = requestBody.content['application/json']!.schema
    const validate = ajv.compile({ oneOf: oneOf.map(({ $ref }) => ({ $ref: `doc${$ref}` })) })
    const x = { name: 'x', datatype: 'FP32', shape: [1, 2], data: [3, 1.5] }
    const bodies: [inputs: object[], fits: boolean][] = [
      [[imageJson([picture(2)])], true],
      [[x], true],
      [[x, { ...x, name: 'mask', datatype: 'BOOL', data: [true, false] }], true],
      [[{ ...x, data: [[3, 1.5]] }], true],
      [[{ ...x, shape: [0, 2], data: [] }], true],
      [[{ ...x, datatype: 'FP16' }], false],
      [[{ ...x, data: ['3', '1.5'] }], false],
      [[], false],
    ]
    for (const [inputs, fits] of bodies) {
      assert.equal(validate({ inputs }), fits, JSON.stringify(inputs))
    }
    const page = await (await fetch(`${coordinator.url}/docs`)).text()
    assert.match(page, /href="#PictureRequest".*\|.*href="#TensorRequest"/)
  }))

function rank({ path, method }: { path: string; method: string }): number {
  return method === 'delete' ? 2 : path.endsWith('/drain') ? 1 : 0
}

Deno.test('/docs shows every call without a script, under the policy of pages', () =>
  withPages(async (coordinator) => {
    const response = await fetch(`${coordinator.url}/docs`)
    assert.match(response.headers.get('content-type') ?? '', /^text\/html/)
    assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'/)
    const page = await response.text()
    const { paths, components } = await readDocument(coordinator)
    for (const path of Object.keys(paths)) assert.ok(page.includes(path), path)
    for (const name of Object.keys(components.schemas)) {
      assert.ok(page.includes(`id="${name}"`), name)
    }
    assert.ok(!/<script|<style|style=|onclick|javascript:/i.test(page))
    for (const [, id] of page.matchAll(/href="#([^"]+)"/g)) {
      assert.ok(page.includes(`id="${id}"`), `#${id} leads nowhere`)
    }
    assert.ok(page.length < 130_000, `${page.length} characters`)
  }))
