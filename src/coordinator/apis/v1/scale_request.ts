/**
 * The body of `POST /v1/nodes/{id}/scale`: the part of a node's limits that may be in use.
 *
 * @module
 */
import { z } from 'zod'
import { ELEMENTS, parseAs } from '../../http/bodies/json.ts'

/** Absent fields stay as they are. */
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
