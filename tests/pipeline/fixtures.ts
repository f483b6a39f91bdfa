/** A tree like the paper's traffic analysis, one level deeper: detect > car > make, detect > face. */
export const tree: {
  schema: string
  name: string
  sloMs: number
  root: string
  // deno-lint-ignore no-explicit-any
  tasks: Record<string, any>
  output: Record<string, { each: string; with: string[] }>
} = {
  schema: 'shoal-pipeline/1',
  name: 'traffic',
  sloMs: 250,
  root: 'detect',
  tasks: {
    detect: {
      next: ['car', 'face'],
      variants: {
        big: { accuracy: 0.9, fanOut: { car: 3, face: 0.5 } },
        tiny: { accuracy: 0.6, fanOut: { car: 2 } },
      },
    },
    car: {
      next: ['make'],
      variants: { large: { accuracy: 0.9 }, small: { accuracy: 0.7, anything: 'kept' } },
    },
    face: { variants: { small: { accuracy: 0.8 } } },
    make: { variants: { only: { accuracy: 0.5 } } },
  },
  output: { cars: { each: 'car', with: ['label'] } },
}
