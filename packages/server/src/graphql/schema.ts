/** The whole schema: every file that declares operations, one line each. */
import './token-operations.ts'
import './workspace-operations.ts'
import { builder } from './builder.ts'

export const schema = builder.toSchema()
