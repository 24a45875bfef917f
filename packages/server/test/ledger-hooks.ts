/** Webhooks of the ledger service: made in three steps, removed in one. */

export interface LedgerHook {
  account: string
  url: string
  secret: string
  events: string[]
  active: boolean
}

export interface LedgerHooks {
  /** Those that stand, by id. */
  standing: Map<string, LedgerHook>
  /** How often each step was carried out: `POST /hooks`, `POST /hooks/{id}/events` and the like. */
  done: string[]
  /** @returns undefined where the path is none of theirs */
  answer(request: {
    method: string
    path: string
    body: string
    account: string
  }): { status: number; value: unknown } | undefined
}

export function createLedgerHooks(): LedgerHooks {
  const standing = new Map<string, LedgerHook>()
  let made = 0
  const hooks: LedgerHooks = {
    standing,
    done: [],
    answer({ method, path, body, account }) {
      const [, id, step] = /^\/hooks(?:\/([^/]+))?(?:\/([a-z]+))?$/.exec(path) ?? []
      if (!path.startsWith('/hooks')) return undefined
      const sent = body === '' ? {} : (JSON.parse(body) as Record<string, unknown>)
      hooks.done.push(`${method} ${path.replace(id ?? '{id}', '{id}')}`)
      if (id === undefined) {
        const name = `hook-${++made}`
        const { url, secret } = sent as { url: string; secret: string }
        standing.set(name, { account, url, secret, events: [], active: false })
        return { status: 201, value: { id: name } }
      }
      const hook = standing.get(id)
      if (!hook || hook.account !== account) return { status: 404, value: { message: `There is no ${id}.` } }
      if (method === 'DELETE') {
        standing.delete(id)
        return { status: 204, value: undefined }
      }
      if (step === 'events') {
        hook.events = sent['events'] as string[]
        return { status: 200, value: { receipt: `receipt-of-${id}` } }
      }
      if (sent['receipt'] !== `receipt-of-${id}`) return { status: 422, value: { message: 'No receipt.' } }
      hook.active = true
      return { status: 200, value: {} }
    },
  }
  return hooks
}
