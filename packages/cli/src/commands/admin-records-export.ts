import { createWriteStream } from 'node:fs'
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { CliError } from '../cli-error.ts'
import type { Outcome } from '../outcome.ts'
import { download } from '../server/download.ts'
import { kindArgument, type RecordKind } from '../server/record-kind.ts'
import { openSession, type ServerOptions } from '../server/session.ts'
import type { Shell } from '../shell.ts'

interface Options extends ServerOptions {
  format: 'csv' | 'ndjson'
  output?: string
}

const HELP = `
Of any length: rows are written as they come. Where it breaks off the file is not whole, and the command fails.

Examples:
  $ miniapps admin records export orders --output orders.csv
  $ miniapps admin records export customers --format ndjson | head`

export function adminRecordsExportCommand(parent: Command, shell: Shell): void {
  parent
    .command('export')
    .summary('write all of them to a file or standard output')
    .description('Writes all customers, or records of one kind, as CSV or NDJSON.')
    .addArgument(kindArgument())
    .addOption(new Option('--format <format>', 'of the file').choices(['csv', 'ndjson']).default('csv'))
    .option('--output <file>', 'a new file; default: standard output')
    .addHelpText('after', HELP)
    .action(async (kind: RecordKind, _options: Options, self: Command) => {
      shell.finish(await exportRecords(kind, self.optsWithGlobals<Options>(), shell))
    })
}

async function exportRecords(
  kind: RecordKind,
  { format, output, ...options }: Options,
  shell: Shell,
): Promise<Outcome> {
  const session = await openSession(shell, options)
  const path = `/export/${kind}?format=${format}`
  if (output === undefined) {
    const bytes = await download(session, path, process.stdout)
    return { exit: 'ok', isPrinted: true, document: { bytes }, text: () => '' }
  }
  const file = resolve(shell.directory, output)
  const bytes = await download(session, path, await newFile(file))
  return { exit: 'ok', document: { file, bytes }, text: () => `${file} has ${bytes} bytes.` }
}

/** What is there is never written over. */
async function newFile(path: string) {
  const stream = createWriteStream(path, { flags: 'wx', mode: 0o600 })
  return new Promise<typeof stream>((done, fail) => {
    stream.once('open', () => done(stream))
    stream.once('error', (error: NodeJS.ErrnoException) => {
      const what = error.code === 'EEXIST' ? 'is there already' : `cannot be written (${error.code})`
      fail(new CliError('unreadable', `${path} ${what}.`, { next: ['Name another file with --output.'] }))
    })
  })
}
