/** Words that are written in capitals inside a label. */
const CAPITALS: Record<string, string> = {
  api: 'API',
  id: 'ID',
  url: 'URL',
  uri: 'URI',
  oauth: 'OAuth',
  sso: 'SSO',
}

/** The words of a key, as a person would write them: `storeUrl` → `Store URL`, `api_key` → `API key`. */
export function labelOf(key: string): string {
  const words = key.match(/\p{Lu}+(?![\p{Ll}])|\p{Lu}?\p{Ll}+|\p{N}+|[^\p{Lu}\p{Ll}\p{N}\s_.-]+/gu) ?? [key]
  const label = words.map((word) => CAPITALS[word.toLowerCase()] ?? word.toLowerCase()).join(' ')
  return label.charAt(0).toUpperCase() + label.slice(1)
}
