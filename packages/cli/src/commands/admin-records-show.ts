import type { Command } from 'commander'
import type { Outcome } from '../outcome.ts'
import { graphql } from '../server/graphql.ts'
import { kindArgument, RECORD_KINDS, type RecordKind } from '../server/record-kind.ts'
import { openSession, type ServerOptions } from '../server/session.ts'
import type { Shell } from '../shell.ts'

const HELP = `
Example:
  $ miniapps admin records show orders 1042`

export function adminRecordsShowCommand(parent: Command, shell: Shell): void {
  parent
    .command('show')
    .summary('show one customer or record')
    .description('Shows one customer or record of the workspace.')
    .addArgument(kindArgument())
    .argument('<id>', 'its id, or its code at the app')
    .addHelpText('after', HELP)
    .action(async (kind: RecordKind, id: string, _options: ServerOptions, self: Command) => {
      shell.finish(await showRecord({ kind, id }, self.optsWithGlobals<ServerOptions>(), shell))
    })
}

async function showRecord(
  { kind, id }: { kind: RecordKind; id: string },
  options: ServerOptions,
  shell: Shell,
): Promise<Outcome> {
  const session = await openSession(shell, options)
  const { detail, fields } = RECORD_KINDS[kind]
  const query = `query ($id: String!) { ${detail}(_id: $id) { ${fields} } }`
  // productDetail and productCategoryDetail are published with an optional id.
  const answer = await graphql<Record<string, Record<string, unknown>>>(session, query, { id })
  const record = answer[detail] ?? {}
  return {
    exit: 'ok',
    document: record,
    text: (paint) => {
      const width = Math.max(...Object.keys(record).map((field) => field.length))
      return Object.entries(record)
        .map(([field, value]) => `${paint.faint(field.padEnd(width))}  ${textOf(value)}`)
        .join('\n')
    },
  }
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '–'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
