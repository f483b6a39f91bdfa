/** A strict reader of XML: what is not well-formed ends the test. */
import assert from 'node:assert/strict'

export class Element {
  readonly children: Element[] = []
  private own = ''
  constructor(readonly name: string, private readonly attributes: Map<string, string>) {}
  get = (name: string): string | undefined => this.attributes.get(name)
  add(text: string): void {
    this.own += text
  }
  text(): string {
    return this.own + this.children.map((child) => child.text()).join('')
  }
  /** With itself, in order. */
  all(): Element[] {
    return [this, ...this.children.flatMap((child) => child.all())]
  }
}

const NAMES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
// deno-lint-ignore no-control-regex
const NO_CHARACTER = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/
const TOKEN =
  /<\?.*?\?>|<!DOCTYPE[^>]*>|<(\/?)([A-Za-z][\w:.-]*)((?:\s+[\w:.-]+="[^<"]*")*)\s*(\/?)>|[^<]+/gs

function decoded(text: string): string {
  assert.ok(!NO_CHARACTER.test(text) && text.isWellFormed(), 'characters that XML has')
  assert.ok(!text.includes(']]>'), 'no end of CDATA in text')
  return text.replace(/&(?:#(\d+)|(\w+));|&/g, (all, code, name) => {
    assert.ok(all !== '&' && (code !== undefined || NAMES[name] !== undefined), `entity ${all}`)
    return code === undefined ? NAMES[name]! : String.fromCodePoint(Number(code))
  })
}

export function parseXml(text: string): Element {
  const root = new Element('', new Map())
  const open = [root]
  let at = 0
  for (
    const { 0: token, 1: close, 2: name, 3: attributes, 4: empty, index } of text.matchAll(TOKEN)
  ) {
    assert.equal(index, at, `XML at ${at}: ${text.slice(at, at + 60)}`)
    at += token.length
    const last = open.at(-1)!
    if (name === undefined) {
      if (!token.startsWith('<')) last.add(decoded(token))
    } else if (close === '/') assert.equal(open.pop()!.name, name)
    else {
      const pairs = [...attributes!.matchAll(/([\w:.-]+)="([^"]*)"/g)]
      const map = new Map(pairs.map(([, name, value]) => [name!, decoded(value!)]))
      assert.equal(map.size, pairs.length, 'no attribute twice')
      const element = new Element(name, map)
      last.children.push(element)
      if (empty !== '/') open.push(element)
    }
  }
  assert.equal(at, text.length, 'to its end')
  assert.equal(open.length, 1, 'all are closed')
  assert.equal(root.children.length, 1)
  return root.children[0]!
}
