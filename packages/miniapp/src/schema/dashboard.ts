import { z } from 'zod'
import { filledText, httpsUrl } from './text.ts'

export const dashboardApp = z
  .strictObject({
    key: filledText().describe('Stable id within the definition.'),
    name: filledText().describe('Label of the tab.'),
    iframeUrl: httpsUrl().describe('URL of the panel.'),
    description: z.string().optional().describe('What the panel shows.'),
    icon: filledText().optional().describe('Icon of the tab.'),
    allowedActions: z
      .array(filledText())
      .optional()
      .describe('Names of the actions that the panel may run; empty or absent: all.'),
    defaultStatus: z
      .enum(['active', 'inactive'])
      .optional()
      .describe('State after the panel is installed; default `active`.'),
  })
  .meta({
    id: 'DashboardApp',
    description: 'A panel beside the conversation.',
    examples: [{ key: 'orders', name: 'Orders', iframeUrl: 'https://panel.example.com/orders' }],
  })
