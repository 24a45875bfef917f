/** The whole schema: every file that declares operations, one line each. */
import './action-operations.ts'
import './app-operations.ts'
import './audit-operations.ts'
import './connection-operations.ts'
import './customer-operations.ts'
import './export-operations.ts'
import './install-operations.ts'
import './notification-operations.ts'
import './oauth-operations.ts'
import './order-operations.ts'
import './product-operations.ts'
import './registry-operations.ts'
import './token-operations.ts'
import './webhook-operations.ts'
import './workspace-operations.ts'
import { builder } from './builder.ts'

export const schema = builder.toSchema()
