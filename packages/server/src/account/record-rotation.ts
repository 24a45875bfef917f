import type { RotationOptions } from '../secret/rotate-master-key.ts'
import { recordPlatformAct } from './record-platform-act.ts'

/** Writes into the audit log that the master key was replaced. */
export const recordRotation: NonNullable<RotationOptions['recordReplacement']> = (trx, { from, to }) =>
  recordPlatformAct({ now: Date.now }, trx, { kind: 'key.rotated', details: { from, to } })
