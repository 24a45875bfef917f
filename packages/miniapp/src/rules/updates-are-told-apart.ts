import type { WebhookDefinition } from '../document.ts'
import type { Rule } from './rule.ts'

/** Events that happen to one record again and again. */
const REPEATS = /(?:updated|changed)|status/i

/** The last name of a path, where it is the id of a record and of nothing else. */
const RECORD_ID = /^(?:_?id|gid|code|number|[A-Za-z0-9]+(?:_id|_code|_number|Id))$/
/** Words in a path to something that differs from delivery to delivery. */
const DIFFERS =
  /event|deliver|webhook|hook|message|notif|request|trace|time|date|version|revision|transaction|idempot/i

type TransactionId = NonNullable<WebhookDefinition['transactionId']>

/** Updates of one record have different transaction ids (1.2, 5.4), or all but the first are taken for repetitions. */
export const updatesAreToldApart: Rule = ({ survey, report }) => {
  const { pointer, value: webhook } = survey.webhook
  if (webhook?.transactionId === undefined) return
  const { transactionId } = webhook
  const extraction = webhook.eventExtraction
  const named = extraction?.compositeStrategy?.parts ?? (extraction === undefined ? [] : [extraction])
  // An envelope that names its event has an id of its own in `$.id`; a bare record has the record's.
  const isEnvelope = extraction === undefined || named.some(({ source }) => source === 'body')
  const repeated = survey.triggers.flatMap(({ value }) => {
    const path = value === undefined ? undefined : fixedPath(transactionId, value.event, isEnvelope)
    return value !== undefined && REPEATS.test(value.event) && path !== undefined
      ? [{ event: value.event, path }]
      : []
  })
  const [first] = repeated
  if (first === undefined) return
  const events = repeated.map(({ event }) => `\`${event}\``).join(', ')
  report(
    'transaction-id-without-time',
    `${pointer}/transactionId`,
    `Of ${events}, only the first for each record would count, because \`${first.path}\` stays the same; add an override with the time or version of the change, such as \`"overrides": { "${first.event}": { "paths": ["${first.path}", "$.updated_at"] } }\`.`,
  )
}

/** The path of the id, where it is surely the same for every event of a record. */
function fixedPath(id: TransactionId, event: string, isEnvelope: boolean): string | undefined {
  const override =
    id.overrides !== undefined && Object.hasOwn(id.overrides, event) ? id.overrides[event] : undefined
  const all = override?.paths ?? id.paths ?? (id.path === undefined ? [] : [id.path])
  // Without a separator the first that is there wins; several paths of an override are always joined (5.4).
  const isJoined = override !== undefined || id.separator !== undefined
  const used = isJoined ? all : all.slice(0, 1)
  const paths = used.map((path) =>
    typeof path === 'string' ? path : path.source === 'body' ? path.path : undefined,
  )
  const isFixed = paths.every((path) => path !== undefined && isRecordId(path, isEnvelope))
  return isFixed ? paths[0] : undefined
}

function isRecordId(path: string, isEnvelope: boolean): boolean {
  const names = path.replace(/^\$\.?/, '').split('.')
  if (names.length === 1 && isEnvelope) return false
  return RECORD_ID.test(names.at(-1) ?? '') && !DIFFERS.test(path)
}
