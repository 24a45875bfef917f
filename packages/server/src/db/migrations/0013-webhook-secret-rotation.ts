import { sql } from 'kysely'
import type { Migration } from '../migrate.ts'

export const webhookSecretRotation: Migration = {
  name: '0013-webhook-secret-rotation',
  async up(trx) {
    await sql`alter table install add column webhook_secret_rotated_at timestamptz(3)`.execute(trx)
  },
}
