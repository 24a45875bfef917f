import type { Outcome } from '../outcome.ts'
import { listedSources } from '../render/listed-sources.ts'
import { optionsOutcome, type SourceOption, sourcesOutcome } from '../render/source.ts'
import type { Shell } from '../shell.ts'
import { graphql } from './graphql.ts'
import { readDefinitionThere } from './read-definition.ts'
import { reportedFailure } from './reported-failure.ts'
import { type AnsweredError, serverReport } from './server-report.ts'
import { openSession, type ServerOptions } from './session.ts'

const OPTIONS = `query ($ns: String!, $key: String!, $ref: String, $params: JSON) {
  miniAppsActionSources(miniAppNs: $ns, sourceKey: $key, sourceRef: $ref, params: $params)
}`

export interface RemoteSource {
  ns: string
  source: string
  params: Record<string, unknown>
  sourceRef: string | undefined
}

/**
 * Reads the options of a source on a server, with the account that is connected there.
 *
 * @throws CliError where the server cannot be reached or refuses the request
 */
export async function readSourceThere(
  { ns, source, params, sourceRef }: RemoteSource,
  options: ServerOptions,
  shell: Shell,
): Promise<Outcome> {
  const session = await openSession(shell, options)
  const startedAt = performance.now()
  const report = (error?: AnsweredError) =>
    serverReport(session, {
      ns,
      kind: 'source',
      name: source,
      steps: [],
      error,
      durationMs: Math.round(performance.now() - startedAt),
      verbose: false,
    })
  try {
    const { miniAppsActionSources: found } = await graphql<{ miniAppsActionSources: SourceOption[] }>(
      session,
      OPTIONS,
      { ns, key: source, ref: sourceRef ?? null, params },
    )
    return optionsOutcome(report(), { options: found })
  } catch (error) {
    const failure = reportedFailure(error)
    if (!failure) throw error
    return optionsOutcome(report(failure), { options: null })
  }
}

/** The sources that an app on a server declares. @throws CliError as above */
export async function listSourcesThere(ns: string, options: ServerOptions, shell: Shell): Promise<Outcome> {
  const session = await openSession(shell, options)
  return sourcesOutcome(ns, listedSources(await readDefinitionThere(session, ns)))
}
