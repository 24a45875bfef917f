import { readFileSync } from 'node:fs'
import { applyChange } from '../src/explanation.ts'
import { type ValidateOptions, validate } from '../src/validate.ts'

const base: unknown = JSON.parse(readFileSync(new URL('../findings/base.json', import.meta.url), 'utf8'))

/** What `findings/base.json` is told after a change: `code pointer`, in the order of the document. */
export function told(change: Record<string, unknown>, options: ValidateOptions = {}): string[] {
  return validate(applyChange(base, change), options).map(({ code, path }) => `${code} ${path}`)
}

/** The same at level `submission`. */
export function toldAtSubmission(change: Record<string, unknown>, by?: ValidateOptions['by']): string[] {
  return told(change, { level: 'submission', ...(by && { by }) })
}
