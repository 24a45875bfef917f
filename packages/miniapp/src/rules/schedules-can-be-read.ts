import { under } from '../schema/pointer.ts'
import { childValue } from '../schema/walk.ts'
import type { Rule } from './rule.ts'

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

/** The five fields of a cron expression; `first` is the number of the first name. */
const FIELDS: readonly {
  says: string
  min: number
  max: number
  names?: readonly string[]
  first?: number
}[] = [
  { says: 'minute', min: 0, max: 59 },
  { says: 'hour', min: 0, max: 23 },
  { says: 'day of the month', min: 1, max: 31 },
  { says: 'month', min: 1, max: 12, names: MONTHS, first: 1 },
  { says: 'day of the week', min: 0, max: 7, names: DAYS, first: 0 },
]

/** The cron expression of a schedule has five fields, each within its bounds (6.1). */
export const schedulesCanBeRead: Rule = ({ survey, report }) => {
  const { pointer, value: sync } = survey.sync
  const cron = childValue(sync?.syncConfiguration?.schedule, 'cron')
  if (typeof cron !== 'string') return
  const fields = cron.trim().split(/\s+/)
  const wrong = FIELDS.find((_, index) => !isField(fields[index] ?? '', index))
  if (fields.length === FIELDS.length && wrong === undefined) return
  const reason =
    fields.length === FIELDS.length && wrong !== undefined
      ? `the ${wrong.says} is from ${wrong.min} to ${wrong.max}`
      : `it has ${fields.length} of five fields`
  report(
    'malformed-schedule',
    under(pointer, 'syncConfiguration', 'schedule', 'cron'),
    `\`${cron}\` is no cron expression, because ${reason}; write minute, hour, day, month and weekday, such as \`0 3 * * *\`, or \`{ "every": "6h" }\`.`,
  )
}

function isField(text: string, index: number): boolean {
  return text.split(',').every((item) => {
    const [, range = '', step] = /^([^/]+)(?:\/([1-9]\d*))?$/.exec(item) ?? []
    if (range === '' || (item.includes('/') && step === undefined)) return false
    if (range === '*') return true
    const numbers = range.split('-').map((part) => numberOf(part, index))
    const [from, to = from] = numbers
    return numbers.length <= 2 && from !== undefined && to !== undefined && from <= to
  })
}

function numberOf(text: string, index: number): number | undefined {
  const field = FIELDS[index]
  if (field === undefined) return undefined
  const named = field.names?.indexOf(text.toLowerCase()) ?? -1
  if (named >= 0) return named + (field.first ?? 0)
  const number = /^\d{1,2}$/.test(text) ? Number(text) : -1
  return number >= field.min && number <= field.max ? number : undefined
}
