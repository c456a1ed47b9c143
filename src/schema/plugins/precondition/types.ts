/**
 * Something that must hold before a field does any work. It throws what the field answers instead,
 * usually one of the errors in its union.
 */
export type Precondition<Args, Context> = (args: Args, context: Context) => void;

/** The field that a precondition refused, as far as others may want to know it. */
export interface RefusedField {
  readonly extensions?: Readonly<Record<string, unknown>> | null | undefined;
}

export interface PreconditionPluginOptions<Context> {
  /** Awaited before the refusal goes on its way. @default nothing */
  readonly onRefusal: (context: Context, field: RefusedField) => Promise<void>;
}
