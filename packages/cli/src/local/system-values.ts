/** System values of placeholders (specification 2.1). No provider can call this machine; the addresses say so. */
export function systemValues(uid?: string): Record<string, unknown> {
  return {
    webhookUrl: 'https://localhost.invalid/webhooks',
    redirect_uri: 'https://localhost.invalid/oauth2',
    subdomain: 'local',
    ...(uid !== undefined && { uid }),
  }
}
