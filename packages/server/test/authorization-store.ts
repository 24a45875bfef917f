import { type Adapter, type AdapterPayload, type ClientMetadata, errors } from 'oidc-provider'

/** What the authorization server of tests remembers. Its tokens are judged by their `exp`, also long after it. */
export interface AuthorizationStore {
  adapter: (model: string) => Adapter
  /** Adds a client or replaces it. */
  saveClient(client: ClientMetadata): void
  /** @param account default: of everybody */
  expireAccessTokens(account?: string): void
  /** Forgets every grant with its tokens. */
  revokeGrants(): void
}

export function authorizationStore(): AuthorizationStore {
  const models = new Map<string, Map<string, AdapterPayload>>()
  const rowsOf = (model: string) => {
    const rows = models.get(model) ?? new Map<string, AdapterPayload>()
    models.set(model, rows)
    return rows
  }
  const forgetGrant = (grantId: string | undefined) => {
    for (const rows of models.values()) {
      for (const [id, row] of rows) if (row.grantId === grantId) rows.delete(id)
    }
  }

  const adapter = (model: string): Adapter => {
    const rows = rowsOf(model)
    const findBy = (name: 'uid' | 'userCode') => async (value: string) =>
      [...rows.values()].find((row) => row[name] === value)
    return {
      upsert: async (id, payload) => void rows.set(id, payload),
      find: async (id) => rows.get(id),
      findByUid: findBy('uid'),
      findByUserCode: findBy('userCode'),
      async consume(id) {
        const row = rows.get(id)
        // Of two requests at the same moment one wins; the other is a reuse like any later one.
        if (!row || row.consumed) {
          forgetGrant(row?.grantId)
          throw new errors.InvalidGrant('already used')
        }
        row.consumed = nowSeconds()
      },
      destroy: async (id) => void rows.delete(id),
      revokeByGrantId: async (grantId) => forgetGrant(grantId),
    }
  }

  return {
    adapter,
    saveClient: (client) => void rowsOf('Client').set(client.client_id, client as AdapterPayload),
    expireAccessTokens(account) {
      for (const row of rowsOf('AccessToken').values()) {
        if (account === undefined || row.accountId === account) row.exp = nowSeconds() - 1
      }
    },
    revokeGrants() {
      for (const model of ['AccessToken', 'RefreshToken', 'AuthorizationCode', 'Grant']) rowsOf(model).clear()
    },
  }
}

const nowSeconds = () => Math.floor(Date.now() / 1000)
