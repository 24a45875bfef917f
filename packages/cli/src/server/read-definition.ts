import type { Definition } from 'miniapp'
import { graphql } from './graphql.ts'
import type { Session } from './session.ts'

const DETAIL = 'query ($ns: String!) { miniAppDetail(miniAppNs: $ns) { source } }'

/**
 * The definition of an app that the workspace sees on a server; secrets of `auth.config` are empty.
 *
 * @throws CliError where there is none, or the server cannot be reached or refuses the request
 */
export async function readDefinitionThere(session: Session, ns: string): Promise<Definition> {
  const { miniAppDetail } = await graphql<{ miniAppDetail: { source: Definition } }>(session, DETAIL, { ns })
  return miniAppDetail.source
}
