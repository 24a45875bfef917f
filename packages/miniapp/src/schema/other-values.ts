/** Words of other formats and libraries, by the value that says the same here. */
const OTHER_VALUES: Readonly<Record<string, readonly string[]>> = {
  apikey: ['basic', 'key', 'custom', 'form'],
  bearer_token: ['bearer', 'token', 'jwt'],
  checkbox: ['boolean', 'bool', 'toggle'],
  create: ['insert', 'add', 'new'],
  epoch: ['unix', 'timestamp', 'seconds'],
  formData: ['multipart/form-data', 'multipart', 'form-data'],
  function: ['code', 'script', 'javascript'],
  header: ['headers'],
  'header-token': ['token', 'bearer', 'secret', 'api-key'],
  'hmac-sha256': ['hmac', 'sha256', 'hmac256', 'signature'],
  iso: ['iso8601', 'ISO-8601', 'datetime'],
  json: ['application/json'],
  lower: ['lowercase', 'toLowerCase'],
  oauth2: ['oauth', 'oauth2.0', 'authorization_code'],
  password: ['secret', 'hidden'],
  private: ['draft', 'inactive'],
  public: ['published', 'active', 'live'],
  query: ['url', 'queryParams', 'params', 'querystring'],
  select: ['dropdown', 'enum', 'list', 'radio'],
  text: ['string', 'input', 'textarea'],
  toBoolean: ['boolean', 'bool'],
  toDate: ['date', 'datetime', 'iso'],
  toNumber: ['number', 'float', 'int', 'integer', 'parseInt'],
  toString: ['string', 'text', 'String'],
  upper: ['uppercase', 'toUpperCase'],
  upsert: ['merge', 'sync', 'save'],
  'x-www-form-urlencoded': ['application/x-www-form-urlencoded', 'form-urlencoded', 'urlencoded', 'form'],
}

/** Which of the allowed values says what was written. */
export function otherValueFor(written: string, allowed: readonly string[]): string | undefined {
  return allowed.find((value) => Object.hasOwn(OTHER_VALUES, value) && OTHER_VALUES[value]?.includes(written))
}
