/** Connecting with OAuth 2.0 from a page of one's own (specification 3.4). */
import { makeTicket } from '../oauth/ticket.ts'
import { builder } from './builder.ts'

builder.mutationField('miniAppOauthTicket', (t) =>
  t.field({
    type: 'JSON',
    permission: 'manageMiniApps',
    description:
      'Makes a one-time address, { url, expiresAt }, that starts OAuth 2.0 for an installed app: open it in a popup within 10 minutes. The popup ends by posting { type: "miniapp_oauth", ns, status: "connected" | "error", error?: { code, message } } to the page that opened it.',
    args: {
      ns: t.arg.string({ required: true }),
      credentials: t.arg({
        type: 'JSON',
        description: "Values of the app's form, where it has one (auth.form).",
      }),
      openerOrigin: t.arg.string({
        description:
          'Exact origin of the page that opens the popup, such as https://app.example.com; no other page is told the outcome. Without it nobody is told, and the window stays open.',
      }),
    },
    resolve: (_root, { ns, credentials, openerOrigin }, { context, caller, workspace }) =>
      makeTicket(context, {
        workspaceId: caller.workspaceId,
        ns,
        subdomain: workspace.subdomain,
        accountId: caller.accountId,
        credentials: credentials ?? {},
        openerOrigin: openerOrigin ?? undefined,
      }),
  }),
)
