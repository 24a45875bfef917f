import { HARMLESS_MUTATIONS } from './harmless-mutations.ts'
import type { MutationClass } from './mutation.ts'
import { REFERENCE_MUTATIONS } from './reference-mutations.ts'
import { REQUEST_MUTATIONS } from './request-mutations.ts'
import { SHAPE_MUTATIONS } from './shape-mutations.ts'

/** Every kind of change that is tried. */
export const MUTATIONS: Readonly<Record<string, MutationClass>> = {
  ...SHAPE_MUTATIONS,
  ...REFERENCE_MUTATIONS,
  ...REQUEST_MUTATIONS,
  ...HARMLESS_MUTATIONS,
}
