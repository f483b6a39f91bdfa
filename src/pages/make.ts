/** @module Elements made in one call, of HTML and of SVG; no markup is ever parsed. */

type Attributes = Record<string, string | number | boolean>
type Child = Node | string

export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag)
  fill(made, attributes, children)
  return made
}

export function makeSvg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[Tag] {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag)
  fill(made, attributes, children)
  return made
}

function fill(made: Element, attributes: Attributes, children: Child[]): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false) continue
    made.setAttribute(name, value === true ? '' : String(value))
  }
  made.append(...children)
}

/** Changes an attribute only where it differs: what is set anew is painted anew. */
export function setAttribute(made: Element, name: string, value: string): void {
  if (made.getAttribute(name) !== value) made.setAttribute(name, value)
}
