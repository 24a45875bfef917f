/**
 * The surface `miniapp/validate`: what checking a document needs and nothing that runs one, so that a command line or an
 * editor starts at once. It loads neither the interpreter nor ajv nor libphonenumber-js; a test says so.
 */

export { FINDING_CODES } from './rules/codes.ts'
export { CATEGORIES } from './schema/app.ts'
export { nearestName } from './schema/nearest-name.ts'
export { pointerSegments } from './schema/pointer.ts'
export {
  type Finding,
  type FindingCode,
  type Severity,
  type SubmittedBy,
  type ValidateOptions,
  type ValidationLevel,
  validate,
} from './validate.ts'
