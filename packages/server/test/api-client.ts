type Json = Record<string, unknown>

/** An answer of the API that is an error, with its code. */
export class ApiAnswerError extends Error {
  readonly code: string
  readonly extensions: Json
  constructor({ message, extensions }: { message: string; extensions: Json }) {
    super(message)
    this.name = 'ApiAnswerError'
    this.code = String(extensions.code)
    this.extensions = extensions
  }
}

export interface ApiClient {
  token: string
  /** Runs one operation; rejects with {@link ApiAnswerError} where the API answered an error. */
  call<T = Json>(query: string, variables?: Json): Promise<T>
}

export function apiClient(url: string, token: string): ApiClient {
  return {
    token,
    async call<T>(query: string, variables: Json = {}): Promise<T> {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'x-app-token': token },
        body: JSON.stringify({ query, variables }),
      })
      const { data, errors } = (await response.json()) as {
        data?: T
        errors?: { message: string; extensions: Json }[]
      }
      if (errors?.[0]) throw new ApiAnswerError(errors[0])
      return data as T
    },
  }
}

/** Trades a one-time link for the owner's token. */
export async function signIn(url: string, link: string | undefined): Promise<ApiClient> {
  if (link === undefined) throw new Error('The server printed no link for the owner.')
  const response = await fetch(link, { method: 'POST' })
  const answer = (await response.json()) as { accessToken?: string }
  if (answer.accessToken === undefined) throw new Error(`The link was refused: ${JSON.stringify(answer)}`)
  return apiClient(url, answer.accessToken)
}
