/** WebAssembly from a URL. */
export async function compileFrom(url: string): Promise<WebAssembly.Module> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`Cannot load codec ${url}: status ${response.status}`)
  return await WebAssembly.compile(await response.arrayBuffer())
}
