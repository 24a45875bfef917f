import { type Command, InvalidArgumentError, Option } from 'commander'

export interface PageOptions {
  limit: number
  after?: string
}

/** As many as the server gives in one page. */
const MAX_LIMIT = 100
const DEFAULT_LIMIT = 20

/** Options of the commands that list what a server keeps, page by page. */
export function addPageOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--limit <count>', `how many, at most ${MAX_LIMIT}`)
        .default(DEFAULT_LIMIT)
        .argParser((text) => wholeNumber(text, MAX_LIMIT)),
    )
    .option('--after <cursor>', 'go on behind an earlier list')
}

/** For commander. @throws InvalidArgumentError where `text` is no whole number from `min` to `max` */
export function wholeNumber(text: string, max: number, min = 1): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isInteger(value) && value >= min && value <= max) return value
  throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`)
}
