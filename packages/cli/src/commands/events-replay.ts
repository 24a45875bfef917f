import type { Command } from 'commander'
import { CliError } from '../cli-error.ts'
import type { Outcome } from '../outcome.ts'
import { graphql } from '../server/graphql.ts'
import { openSession, type ServerOptions } from '../server/session.ts'
import type { Shell } from '../shell.ts'
import { addEventFilter, type EventFilterOptions, eventFilter } from './events-list.ts'

type Options = ServerOptions & EventFilterOptions

const HELP = `
All stages run again: older states overwrite no newer records, and triggers fire again, marked as a replay. Needs ids or a
filter; what is still under way is left alone.

Examples:
  $ miniapps events replay 0198c0de-…
  $ miniapps events replay --ns github --status failed --since 2026-01-01T00:00:00Z`

const REPLAY = `mutation ($ids: [String!], $ns: String, $event: String, $status: String, $from: Date, $until: Date) {
  webhookEventsReplay(ids: $ids, ns: $ns, event: $event, status: $status, from: $from, until: $until)
}`

export function eventsReplayCommand(parent: Command, shell: Shell): void {
  const command = parent
    .command('replay')
    .summary('process events again')
    .description(
      'Processes events again that were processed or have failed, and those in which no name was found.',
    )
    .argument('[id...]', 'ids, as events list shows them')
  addEventFilter(command, ['processed', 'failed', 'unknown'])
    .addHelpText('after', HELP)
    .action(async (ids: string[], _options: Options, self: Command) => {
      shell.finish(await replay(ids, self.optsWithGlobals<Options>(), shell))
    })
}

async function replay(ids: readonly string[], options: Options, shell: Shell): Promise<Outcome> {
  const filter = eventFilter(options)
  if (ids.length === 0 && Object.values(filter).every((value) => value === undefined)) {
    throw new CliError('usage', 'Say which events: their ids, or a filter.', {
      next: ['miniapps events list --status failed', 'miniapps events replay --help'],
    })
  }
  const session = await openSession(shell, options)
  const { webhookEventsReplay: replayed } = await graphql<{ webhookEventsReplay: number }>(session, REPLAY, {
    ...filter,
    ...(ids.length > 0 && { ids }),
  })
  return {
    exit: 'ok',
    document: { replayed },
    text: (paint) =>
      replayed === 0
        ? 'There are no such events, or all of them are still under way.'
        : `${paint.good('Replaying')} ${replayed} ${replayed === 1 ? 'event' : 'events'}.`,
  }
}
