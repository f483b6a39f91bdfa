/** A variable of the environment; none where this process is not allowed to look. @module */

export function variable(name: string): string | undefined {
  try {
    return Deno.env.get(name)
  } catch {
    return undefined
  }
}
