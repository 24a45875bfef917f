/** Tokens of the ledger service: access tokens that a test expires, refresh tokens that rotate; reuse revokes a family. */

export interface LedgerGrants {
  /** Exchanges of a refresh token that were asked for. */
  exchanges: number
  /** Every access token that is out is refused from now on. */
  expireTokens(): void
  /** Every grant ends: neither its access tokens nor its refresh token are accepted any more. */
  revokeGrants(): void
  /** Whose access token it is; undefined where it is none, or none any more. */
  accountOf(authorization: string | undefined): string | undefined
  /** The token endpoint. */
  exchange(form: URLSearchParams): { status: number; value: unknown }
}

/** Seconds, as text: one of the ways in which providers say it. */
const LIFETIME = '3600'

interface Family {
  account: string
  /** The one refresh token that is good. */
  refreshToken: string
  revoked: boolean
}

export function createLedgerGrants(): LedgerGrants {
  const families: Family[] = []
  const accounts = new Map<string, Family>()
  let made = 0

  const refuse = (words: string) => ({
    status: 400,
    value: { error: 'invalid_grant', error_description: words },
  })

  function issue(family: Family) {
    const number = ++made
    family.refreshToken = `refresh-token-${number}`
    accounts.set(`access-token-${number}`, family)
    return {
      status: 200,
      value: {
        access_token: `access-token-${number}`,
        refresh_token: family.refreshToken,
        expires_in: LIFETIME,
      },
    }
  }

  function revoke(family: Family): void {
    family.revoked = true
    for (const [token, owner] of accounts) if (owner === family) accounts.delete(token)
  }

  const used = new Map<string, Family>()
  const grants: LedgerGrants = {
    exchanges: 0,
    expireTokens: () => accounts.clear(),
    revokeGrants: () => families.forEach(revoke),
    accountOf: (authorization) => {
      const token = /^Bearer (access-token-\d+)$/.exec(authorization ?? '')?.[1]
      return token === undefined ? undefined : accounts.get(token)?.account
    },
    exchange(form) {
      const key = form.get('key')
      if (key !== null) {
        if (!key.startsWith('key-')) return refuse(`The key ${key} is not known.`)
        const family = { account: key.slice(4), refreshToken: '', revoked: false }
        families.push(family)
        return issue(family)
      }
      grants.exchanges += 1
      const token = form.get('refresh_token') ?? ''
      const reused = used.get(token)
      if (reused) {
        revoke(reused)
        return refuse('The refresh token was used before.')
      }
      const family = families.find(({ refreshToken }) => refreshToken === token)
      if (!family || family.revoked) return refuse('The refresh token is not known.')
      used.set(token, family)
      return issue(family)
    },
  }
  return grants
}
