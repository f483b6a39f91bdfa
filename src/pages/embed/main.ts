/**
 * `<shoal-node coordinator="https://pool.example" name="reading room">`: the join page of a
 * coordinator as an element of any page that the coordinator allows.
 *
 * What a volunteer reads and presses lies in a frame of the coordinator's own origin: the page around
 * it can neither read nor press any of it.
 *
 * @module
 */

/** All that the page has to hand on: memory that threads share, the pressure on the processor. */
const ALLOWED = 'cross-origin-isolated; compute-pressure'

const STYLE = `
  :host { display: block; width: 100%; height: 40rem }
  :host([hidden]) { display: none }
  iframe { display: block; width: 100%; height: 100%; border: 0 }
`

class ShoalNode extends HTMLElement {
  static readonly observedAttributes = ['coordinator', 'name']
  readonly #frame = document.createElement('iframe')
  #token: string | undefined

  constructor() {
    super()
    this.#frame.title = 'Lend this device'
    this.#frame.allow = ALLOWED
    this.#frame.referrerPolicy = 'no-referrer'
    // Not a style element, which the content policy of the page may forbid.
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(STYLE)
    const root = this.attachShadow({ mode: 'open' })
    root.adoptedStyleSheets = [sheet]
    root.append(this.#frame)
  }

  /** What the node joins with. No attribute, so that the page's markup does not show it. */
  get token(): string | undefined {
    return this.#token
  }

  set token(token: string | undefined) {
    this.#token = token
    this.#show()
  }

  connectedCallback(): void {
    // The page may have set it before this script came.
    const early = Object.getOwnPropertyDescriptor(this, 'token')
    if (early !== undefined) {
      Reflect.deleteProperty(this, 'token')
      this.#token = early.value
    }
    this.#show()
  }

  attributeChangedCallback(): void {
    this.#show()
  }

  #show(): void {
    if (!this.isConnected) return
    const given = this.getAttribute('coordinator') ?? import.meta.url
    try {
      const src = framed(new URL(given), this.getAttribute('name'), this.#token)
      // Where only what is behind the # differs, a node that serves goes on.
      if (this.#frame.src !== src) this.#frame.src = src
    } catch {
      console.error(
        `Cannot show <shoal-node>: coordinator must be as https://pool.example: received ${given}`,
      )
    }
  }
}

/** @throws TypeError for an address of another kind */
function framed({ protocol, origin, hash }: URL, name: string | null, token?: string): string {
  if (!/^https?:$/.test(protocol)) throw new TypeError('no address of a web server')
  const handed = new URLSearchParams()
  // A join link has its own.
  const t = token ?? new URLSearchParams(hash.slice(1)).get('t')
  if (t) handed.set('t', t)
  if (name) handed.set('name', name)
  // Behind the #, which is sent to no server.
  return `${origin}/node/embed#${handed}`
}

// A page may load this script twice, from two coordinators.
if (customElements.get('shoal-node') === undefined) customElements.define('shoal-node', ShoalNode)
