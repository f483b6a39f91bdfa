/** Files of the image codecs, and of what opens documents; each is fetched when first needed. */
export type CodecName = 'jpeg_dec' | 'jpeg_enc' | 'png' | 'webp_dec' | 'pdfium'
