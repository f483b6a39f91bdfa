/**
 * The OpenAPI document as a page to read.
 *
 * @module
 */
import { html, raw } from 'hono/html'
import type { JsonObject } from './document.ts'
import { typeOf } from './type_text.ts'

type Html = ReturnType<typeof html>

const entries = (of: unknown) => Object.entries((of ?? {}) as Record<string, JsonObject>)
const list = (of: unknown) => (of ?? []) as JsonObject[]

export function docsPage(document: JsonObject): string {
  const info = document['info'] as JsonObject
  const operations = entries(document['paths']).flatMap(([path, item]) =>
    entries(item).map(([method, operation]) => ({ path, method, operation }))
  )
  const tags = list(document['tags'])
  const schemas = entries((document['components'] as JsonObject)['schemas'])
  return String(html`
    <!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>${info['title']}: API</title>
        <link rel="icon" href="data:,">
        <link rel="stylesheet" href="/docs/style.css">
      </head>
      <body>
        <header>
          <h1>${info['title']} API</h1>
          <p>${info['summary']}. For programs: <a href="/openapi.json">openapi.json</a>.</p>
          <p>Any call: 401 <code>unauthorized</code> without a key of its role, where there are keys;
          429 <code>rate_limited</code> with <code>Retry-After</code>.</p>
          <nav>
            <ul>${tags.map(({ name }) => html`<li><a href="#${idOf(name)}">${name}</a></li>`)}
        <li><a href="#schemas">schemas</a></li></ul>
          </nav>
        </header>
        <main>
        ${tags.map(({ name, description }) =>
          html`<section>
<h2 id="${idOf(name)}">${name}</h2>
<p class="soft">${description}</p>
${operations.filter(({ operation }) => list(operation['tags'])[0] === name).map(callOf).map(flat)}
</section>`
        )}
        <section>
        <h2 id="schemas">schemas</h2>
        ${schemas.map(([name, schema]) =>
          html`<h3 id="${name}">${name}</h3>
<pre tabindex="0">${linked(typeOf(schema))}</pre>`
        )}
        </section>
            </main>
      </body>
    </html>
  `)
}

/** Answers of every call, which the head describes once. */
const OF_ALL = ['401', '429']

interface Call {
  path: string
  method: string
  operation: JsonObject
}

const callOf = ({ path, method, operation }: Call): Html =>
  html`
    <article>
      <h3 id="${operation[
        'operationId'
      ]}"><code><span class="verb">${method}</span> ${path}</code></h3>
      <p>${operation['summary']}. ${prose(operation['description'])}</p>
      <div class="scroll">
        <table>
    ${list(operation['parameters']).map((one) =>
      html`
        <tr>
          <th scope="row">${one['in']} <code>${one['name']}</code></th>
          <td>${prose(one['description'])} <code class="soft">${typeOf(one['schema'])}</code></td>
        </tr>
      `
    )}
    ${operation['requestBody'] === undefined ? '' : html`
      <tr>
        <th scope="row">body</th>
        <td>${contents(operation['requestBody'])}</td>
      </tr>
    `}
    ${entries(operation['responses']).filter(([status]) => !OF_ALL.includes(status))
      .map(([status, response]) =>
        html`
          <tr>
            <th scope="row">${status}</th>
            <td>${prose(response['description'])} ${contents(response)}${entries(
              response['headers'],
            )
              .map(([name, { description }]) =>
                html`<br><code>${name}</code>: ${prose(description)}`
              )}</td>
          </tr>
        `
      )}
        </table>
      </div>
    </article>
  `

/** HTML without the indentation of these lines, which would be a fifth of the page. */
const flat = (part: Html) => raw(String(part).replaceAll(/\n\s+/g, '\n'))

/** Media types, each with a link to its schema. */
const contents = (of: unknown): Html =>
  html`${
    entries((of as JsonObject)['content']).map(([type, media]) => {
      const { schema } = media as { schema?: unknown }
      return html`
        <code>${type}</code>${schema === undefined ? '' : html`
          ${linked(typeOf(schema))}
        `}
      `
    })
  }`

const idOf = (tag: unknown) => String(tag).replaceAll(' ', '-')

/** Text with code between backticks. */
const prose = (text: unknown): Html =>
  html`${
    String(text ?? '').split('`').map((part, i) => i % 2 === 0 ? part : html`<code>${part}</code>`)
  }`

/** A type's text, with links from names of schemas. */
const linked = (text: string): Html =>
  html`${
    text.split(/(@\w+)/).map((part) =>
      part.startsWith('@') ? html`<a href="#${part.slice(1)}">${part.slice(1)}</a>` : part
    )
  }`
