/** Programs that others package. @module */

/** What a program of this machine prints. @throws Error with what it says where it fails */
export async function outputOf(
  program: string,
  args: readonly string[],
  env: { [name: string]: string } = {},
): Promise<string> {
  const command = new Deno.Command(program, {
    ...{ args: [...args], env, stdout: 'piped', stderr: 'piped' },
  })
  const { success, stdout, stderr } = await command.output()
  const text = new TextDecoder()
  if (!success) throw new Error(`Cannot run ${program}: ${text.decode(stderr)}`)
  return text.decode(stdout)
}
