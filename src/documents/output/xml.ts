/**
 * What XML needs of text and numbers.
 *
 * @module
 */

/** Characters that XML 1.0 has no place for, however they are written; halves of pairs with them. */
const NOT_XML =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g
const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
}

/** For content and for attributes. */
export const xml = (text: string): string =>
  text.replace(NOT_XML, '').replace(/[&<>"'\t\n\r]/g, (character) => ESCAPES[character]!)
