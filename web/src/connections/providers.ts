export interface ProviderWords {
  name: string;
  /** What the agent does with it, once connected. */
  use: string;
}

const WORDS: Record<string, ProviderWords> = {
  gmail: { name: 'Gmail', use: 'Reads, finds, sends and answers your mail.' },
  'google-calendar': { name: 'Google Calendar', use: 'Tells your agenda, makes and moves meetings.' },
  'google-drive': { name: 'Google Drive', use: 'Finds and summarizes files, uploads new ones.' },
  outlook: { name: 'Outlook', use: 'Reads, finds, sends and answers your mail.' },
  'outlook-calendar': { name: 'Outlook Calendar', use: 'Tells your agenda, makes and moves meetings.' },
  teams: { name: 'Microsoft Teams', use: 'Reads and writes in chats and channels.' },
  onedrive: { name: 'OneDrive', use: 'Finds and summarizes files, uploads new ones.' },
  slack: { name: 'Slack', use: 'Reads, finds and writes messages as you.' },
  hubspot: { name: 'HubSpot', use: 'Finds contacts and deals, logs notes.' },
  jira: { name: 'Jira', use: 'Finds, makes, comments and moves issues.' },
};

/** A provider in people's words; one that this page does not know goes by its own name. */
export function providerWords(provider: string): ProviderWords {
  return WORDS[provider] ?? { name: provider, use: '' };
}
