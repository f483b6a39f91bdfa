// Joins this machine to the coordinator that serves this file:
//   deno run -r --allow-net=HOST http://HOST/node.js
// Deno keeps what it once fetched, so this file only asks which build is current and runs that.
// deno-lint-ignore-file
for (let again = true; again;) {
  const answer = await fetch(new URL('/node/build.json', import.meta.url))
  if (!answer.ok) throw new Error(`Cannot ask for the current build: status ${answer.status}`)
  const { node } = await answer.json()
  const { run } = await import(new URL(node, import.meta.url))
  again = await run({ url: new URL('/', import.meta.url).origin, build: node, args: Deno.args })
}
