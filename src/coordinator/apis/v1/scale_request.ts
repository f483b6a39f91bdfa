/**
 * What of a node's limits is to be in use, as `POST /v1/nodes/{id}/scale` asks for it.
 *
 * @module
 */
import { z } from 'zod'
import { ELEMENTS, parseAs } from '../../http/bodies/json.ts'

/** What is left out stays as it is. */
export const scaleRequest = z.strictObject({
  slots: z.number().int().min(1).max(256).optional().meta({ description: 'Slots to be in use.' }),
  duty: z.number().min(0.01).max(1).optional().meta({
    description: 'Share of the time that they may work.',
  }),
}).refine(({ slots, duty }) => slots !== undefined || duty !== undefined, {
  message: 'must have slots, duty or both',
})

/** @throws ApiError `invalid_input` or `too_large` */
export const readScaleRequest = (body: Uint8Array) => parseAs(scaleRequest, body, ELEMENTS)
