import { z } from 'zod'
import { filledText } from '../schema/text.ts'
import { type PackageFile, type ReadFile, readFileOf } from './package-file.ts'

const sample = z.strictObject({
  headers: z.record(z.string(), z.string()).optional().describe('Headers of the delivery.'),
  query: z.record(z.string(), z.string()).optional().describe('Query parameters of the delivery.'),
  body: z
    .unknown()
    .refine((value) => value !== undefined, {
      error: 'given: the body of the delivery',
      params: { finding: 'missing-property' },
    })
    .describe('The body of the delivery: a JSON value, or the text of any other body.'),
  event: filledText().describe('Name of the event that `webhook.eventExtraction` is to find.'),
  documentation: z.string().optional().describe("The provider's page that the delivery follows."),
  verified: z.boolean().optional().describe('Whether the delivery was received, or written.'),
})

/** A delivery of the provider, and the event that it is: `samples/*.json` of a package (specification 8.1). */
export type Sample = z.output<typeof sample> & {
  /** Relative to the package. */
  file: string
}

export function readSample(file: PackageFile): ReadFile<z.output<typeof sample>> {
  return readFileOf(sample, file)
}
