/** A response before it is known whether its body is sent at all: to `HEAD` it is not. */
export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string | Uint8Array<ArrayBuffer> | null;
}

/**
 * Only what comes from this origin, and no inline script, is let in. Monaco sets styles inline, and
 * GraphiQL's style sheet holds its fonts and images as data URIs. A worker takes its policy from
 * the response that brought its script, so every answer carries it.
 */
export const securityHeaders = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    'font-src data:',
    "connect-src 'self'",
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;
