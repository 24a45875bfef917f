import { type Command, Option } from 'commander'
import { collect } from './key-value.ts'

/** Options of the commands that send requests from this machine. */
export function addLocalOptions(command: Command): Command {
  return command
    .addOption(
      new Option('-c, --credential <key=value>', 'a credential of the app; may be repeated').argParser(
        collect,
      ),
    )
    .addOption(
      new Option(
        '--origin <origin=origin>',
        'send requests for one origin to a stand-in; may be repeated',
      ).argParser(collect),
    )
    .option('--allow-private', 'let requests go to private addresses, and over http:')
    .option('--verbose', 'show requests and answers, without secrets')
}
