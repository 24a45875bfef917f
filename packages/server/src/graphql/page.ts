import { html, page } from '../account/page.ts'
import type { Config } from '../config.ts'

/** What a browser gets at `GET /graphql`: how to call the API. */
export function graphqlPage(config: Pick<Config, 'saasApiUrl'>): string {
  return page(
    'MiniApps GraphQL API',
    html`<p>This address answers programs. Send it a <code>POST</code> with an app token:</p>
<pre>curl -s ${config.saasApiUrl}/graphql \\
  -H 'content-type: application/json' \\
  -H "x-app-token: $MINIAPPS_TOKEN" \\
  -d '{"query": "{ currentUser { _id username permissionActions } }"}'</pre>
<p>The first token comes from the one-time link that the server prints at its start:
<code>npm run miniapps -- login URL</code>. Further ones are made with <code>appsAdd</code>.</p>
<p>Every operation is described in <a href="public-api.graphql">public-api.graphql</a>; a GraphQL client that sends a
token can also read the schema from this address.</p>`,
  )
}
