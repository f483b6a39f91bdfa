/**
 * Invites a device: the link that it joins by, as a text and as a QR code. The token stays in this page;
 * in the link it is the fragment, which browsers send to nobody.
 *
 * @module
 */
import { encode } from 'uqr'
import { makeSvg } from '../make.ts'
import { element, setText } from '../node/dom.ts'

/** Modules that stay light around the code. */
const QUIET = 4
/** Names of this machine for itself: no other device gets there by them. */
const OWN = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

export function createInvitation(): void {
  const dialog = element<HTMLDialogElement>('invitation')
  const link = element<HTMLAnchorElement>('invitation-link')
  const code = element('invitation-code')
  const token = element<HTMLInputElement>('invitation-token')
  const copy = element<HTMLButtonElement>('invitation-copy')

  function show(): void {
    const said = token.value.trim()
    const url = `${location.origin}/node${said === '' ? '' : `#t=${encodeURIComponent(said)}`}`
    link.href = url
    setText(link, url)
    setText(copy, 'Copy the link')
    code.replaceChildren(codeOf(url))
  }

  element('invite').addEventListener('click', () => {
    show()
    dialog.showModal()
  })
  element('invitation-own').hidden = !OWN.test(location.hostname)
  token.addEventListener('input', show)
  copy.addEventListener('click', async () => {
    const did = await navigator.clipboard?.writeText(link.href).then(() => true, () => false)
    setText(copy, did ? 'Copied' : 'Copy it from above')
  })
  element('invitation-close').addEventListener('click', () => dialog.close())
  // Whoever comes next to this screen is not to find it.
  dialog.addEventListener('close', () => token.value = '')
}

function codeOf(text: string): SVGSVGElement {
  const { data, size } = encode(text, { border: QUIET })
  const path = data.flatMap((row, y) =>
    row.flatMap((dark, x) => dark ? [`M${x} ${y}h1v1h-1z`] : [])
  )
  return makeSvg(
    'svg',
    { viewBox: `0 0 ${size} ${size}`, role: 'img', 'aria-label': 'The link as a QR code' },
    makeSvg('rect', { width: size, height: size, fill: '#fff' }),
    makeSvg('path', { d: path.join(''), fill: '#000', 'shape-rendering': 'crispEdges' }),
  )
}
