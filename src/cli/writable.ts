/**
 * Whether a file can be written, asked before the work whose result it is to hold.
 *
 * @module
 */

/** Leaves what is there as it is. @throws RangeError naming the file and why it cannot be written */
export async function checkWritable(file: string): Promise<void> {
  try {
    const there = await Deno.stat(file).then(() => true, () => false)
    await Deno.writeTextFile(file, '', { append: true })
    if (!there) await Deno.remove(file)
  } catch (error) {
    throw new RangeError(`Cannot write ${file}: ${(error as Error).message}`)
  }
}
