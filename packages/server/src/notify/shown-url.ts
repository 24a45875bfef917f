/** The address without its query, which often holds a secret of the receiver. */
export function shownUrl(url: string): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname
}
