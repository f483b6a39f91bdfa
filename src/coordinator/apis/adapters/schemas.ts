/**
 * The JSON of APIs of other tools, under their names: LiteParse's and Mistral's.
 *
 * @module
 */
import { z } from 'zod'

const point = z.tuple([z.number(), z.number()])

export const liteparseResults = z.object({
  results: z.array(z.object({
    text: z.string(),
    bbox: z.tuple([z.number(), z.number(), z.number(), z.number()])
      .meta({ description: 'Left, top, right, bottom; pixels of the picture.' }),
    confidence: z.number().min(0).max(1),
    polygon: z.tuple([point, point, point, point])
      .meta({ description: 'Corners as the text has them: its upper edge first, clockwise.' }),
  })),
})

/** Most pages that a call can name; those of a document are bounded elsewhere. */
const MAX_PAGES = 20_000
const page = z.number().int().min(0).max(MAX_PAGES - 1)
const url = z.string().meta({
  description: 'A `data:` URI in base64, or the URL of a file that was uploaded here.',
})

export const ocrRequest = z.looseObject({
  model: z.string().max(200).nullish()
    .meta({ description: '`documents`, `ocr`, or any name that begins with `mistral-ocr`.' }),
  document: z.discriminatedUnion('type', [
    z.object({
      type: z.literal('document_url'),
      document_url: url,
      document_name: z.string().nullish(),
    }),
    z.object({
      type: z.literal('image_url'),
      image_url: z.union([z.object({ url, detail: z.string().nullish() }), url]),
    }),
    z.object({ type: z.literal('file'), file_id: z.string().min(1).max(200) }),
  ]),
  pages: z.union([z.array(page).max(MAX_PAGES), z.string().max(MAX_PAGES)]).nullish()
    .meta({ description: 'From 0: a list, or a text such as `0,2-4`.' }),
  include_blocks: z.boolean().nullish(),
  confidence_scores_granularity: z.enum(['page', 'block']).nullish(),
})

const scores = z.number().min(0).max(1).nullable()
const edge = z.number().int()

export const ocrResponse = z.object({
  pages: z.array(z.object({
    index: edge.min(0),
    markdown: z.string(),
    images: z.array(z.never()).max(0),
    dimensions: z.object({ dpi: edge, height: edge, width: edge }),
    blocks: z.array(z.object({
      type: z.enum(['text', 'table']),
      top_left_x: edge,
      top_left_y: edge,
      bottom_right_x: edge,
      bottom_right_y: edge,
      content: z.string(),
      confidence_scores: z.object({
        average_content_confidence_score: scores,
        minimum_content_confidence_score: scores,
      }).optional(),
    })).optional(),
    confidence_scores: z.object({
      average_page_confidence_score: z.number().min(0).max(1),
      minimum_page_confidence_score: z.number().min(0).max(1),
    }).optional(),
  })),
  model: z.string().meta({ description: 'The pipeline that read it.' }),
  document_annotation: z.null(),
  usage_info: z.object({ pages_processed: edge.min(0), doc_size_bytes: edge.min(0) }),
})

export const fileUrl = z.object({ url: z.string() })

export const mistralError = z.object({
  object: z.literal('error'),
  message: z.string(),
  type: z.string(),
  param: z.string().nullable(),
  code: z.string(),
})

export type LiteparseResults = z.infer<typeof liteparseResults>
export type OcrRequest = z.infer<typeof ocrRequest>
export type OcrResponse = z.infer<typeof ocrResponse>
export type OcrPage = OcrResponse['pages'][number]
export type FileUrl = z.infer<typeof fileUrl>
export type MistralError = z.infer<typeof mistralError>
