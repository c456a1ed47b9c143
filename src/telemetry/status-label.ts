/** HTTP statuses that get a label of their own; a strange upstream could send any three digits. */
const known = new Set([
  200, 201, 202, 204, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 408, 409, 410, 412,
  413, 415, 422, 425, 429, 500, 501, 502, 503, 504,
]);

/** `404` for a status people know, else its class. */
export function statusLabel(status: number): string {
  return known.has(status) ? String(status) : statusClass(status);
}

/** `4xx` for 404; `other` for what is no status. */
export function statusClass(status: number): string {
  return status >= 100 && status < 600 ? `${Math.floor(status / 100)}xx` : 'other';
}
