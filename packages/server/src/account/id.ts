const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Whether a text can be an id at all; a query for any other text would fail instead of finding nothing. */
export function isId(text: string): boolean {
  return UUID.test(text)
}
