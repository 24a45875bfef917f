import { CONTENT_TYPES, RECORD_FIELDS } from '../record/record-fields.ts'
import { under } from '../schema/pointer.ts'
import type { Rule } from './rule.ts'
import type { Survey } from './survey.ts'

/** Fields of each kind of record (5.5, 6.6), by content type and by `recordType`. */
const FIELDS: ReadonlyMap<string, readonly string[]> = new Map(
  [
    ...Object.entries(RECORD_FIELDS),
    ...Object.entries(CONTENT_TYPES).map(([recordType, type]) => [recordType, RECORD_FIELDS[type]] as const),
  ].map(([kind, fields]) => [kind, Object.keys(fields)]),
)

/** What other systems call the fields by which customers are found. */
const CUSTOMER_SYNONYMS: ReadonlyMap<string, string> = new Map([
  ['email', 'primaryEmail'],
  ['emailaddress', 'primaryEmail'],
  ['phone', 'primaryPhone'],
  ['phonenumber', 'primaryPhone'],
  ['mobile', 'primaryPhone'],
])

/**
 * A mapped field that differs from a known one in case or punctuation alone is meant to be it (5.5, 6.6). Other fields
 * are kept in `extra`, so only what is plainly the same is told.
 */
export const fieldsAreSpelledRight: Rule = ({ survey, report }) => {
  for (const { pointer, kind, mapping } of recordMappings(survey)) {
    const fields = FIELDS.get(kind)
    if (fields === undefined) continue
    const known = new Map(fields.map((field) => [plain(field), field]))
    for (const name of Object.keys(mapping)) {
      const synonym = fields.includes('primaryEmail') ? CUSTOMER_SYNONYMS.get(plain(name)) : undefined
      const meant = known.get(plain(name)) ?? synonym
      if (meant === undefined || meant === name || Object.hasOwn(mapping, meant)) continue
      report(
        'misspelt-field',
        under(pointer, name),
        `\`${name}\` is no field of such a record and would be kept aside; did you mean \`${meant}\`?`,
      )
    }
  }
}

function plain(name: string): string {
  return name.replaceAll(/[_\- ]/g, '').toLowerCase()
}

interface RecordMapping {
  pointer: string
  kind: string
  mapping: object
}

function recordMappings({ sync, webhook }: Survey): RecordMapping[] {
  const resources = Object.entries(sync.value?.resources ?? {}).map(([key, { contentType, apiMapping }]) => ({
    pointer: under(sync.pointer, 'resources', key, 'apiMapping'),
    kind: contentType,
    mapping: apiMapping,
  }))
  const handlers = Object.entries(sync.value?.webhooks?.handlers ?? {}).flatMap(([event, handler]) =>
    'recordType' in handler
      ? [
          {
            pointer: under(sync.pointer, 'webhooks', 'handlers', event, 'mapping'),
            kind: handler.recordType,
            mapping: handler.mapping,
          },
        ]
      : [],
  )
  const customer = webhook.value?.customerExtraction
  const at = under(webhook.pointer, 'customerExtraction')
  const customers = [
    { pointer: under(at, 'mapping'), mapping: customer?.mapping },
    ...Object.entries(customer?.overrides ?? {}).map(([event, { mapping }]) => ({
      pointer: under(at, 'overrides', event, 'mapping'),
      mapping,
    })),
  ].map(({ pointer, mapping }) => ({ pointer, kind: 'customer', mapping: mapping ?? {} }))
  return [...resources, ...handlers, ...customers]
}
