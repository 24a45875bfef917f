export type Json = Record<string, unknown>

/** @throws Error with the answer where its status is none of success */
export async function callJson(request: {
  method: string
  url: string
  token: string
  body?: unknown
}): Promise<Json> {
  const response = await fetch(request.url, {
    method: request.method,
    headers: { Authorization: `Bearer ${request.token}`, 'Content-Type': 'application/json' },
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${request.method} ${request.url} answered ${response.status}: ${text}`)
  return JSON.parse(text) as Json
}
