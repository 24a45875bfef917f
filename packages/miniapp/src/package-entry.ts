/** The surface `miniapp/package`: samples and recorded tests beside a definition (specification 8.1). */

export type { RecordingDifference } from './package/compare-recording.ts'
export type { PackageFile } from './package/package-file.ts'
export { partName } from './package/recorded-part.ts'
export type { Recording } from './package/recording.ts'
export type { RecordingResult } from './package/run-recordings.ts'
export { readSample, type Sample } from './package/sample.ts'
export {
  type CheckedPackage,
  checkPackage,
  type PackageFiles,
  type PackageOptions,
  validatePackage,
} from './package/validate-package.ts'
