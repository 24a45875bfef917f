import { callbackUrl, workspaceUrl } from '../account/address.ts'
import type { Context } from '../context.ts'

/**
 * The system values of placeholders that are known for every request of an install (specification 2.1); `now` is made by
 * whoever runs it.
 * @param of.uid the connected account, where there is one
 */
export function systemValues(
  context: Context,
  of: { subdomain: string; ns: string; uid: string | null },
): Record<string, unknown> {
  return {
    webhookUrl: `${workspaceUrl(context.config, of.subdomain)}/miniapps/${of.ns}/webhooks`,
    redirect_uri: callbackUrl(context.config, of.ns),
    subdomain: of.subdomain,
    ...(of.uid !== null && { uid: of.uid }),
  }
}

/** Those of one install. */
export function systemOf(
  context: Context,
  { ns, uid }: { ns: string; uid: string | null },
  subdomain: string,
): Record<string, unknown> {
  return systemValues(context, { subdomain, ns, uid })
}
