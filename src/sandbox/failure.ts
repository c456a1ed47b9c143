import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';

/** A refusal with the status and the message the caller is to see; throw it. */
export function failure(status: ContentfulStatusCode, message: string): HTTPException {
  return new HTTPException(status, { message });
}

/** Answers an error in the API's envelope. Anything but a {@link failure} is a fault of its own. */
export function answerFailure(error: Error, c: Context): Response {
  const { status, message } =
    error instanceof HTTPException ? error : failure(500, 'internal server error');
  return c.json({ errors: [{ message, code: status }] }, status);
}
