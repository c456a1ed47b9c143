/** What whoever serves the page tells it, at `/settings.json`. */
export interface Settings {
  /** The gateway's GraphQL endpoint. */
  readonly gatewayUrl: string;
  /** The session token of the person who looks at the page. */
  readonly token: string;
}

/** @throws Error where the page's server does not tell. */
export async function loadSettings(): Promise<Settings> {
  const response = await fetch('/settings.json');
  if (!response.ok) throw new Error(`/settings.json: HTTP ${response.status}`);
  return (await response.json()) as Settings;
}
