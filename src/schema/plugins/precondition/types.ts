/**
 * Something that must hold before a field does any work. It throws what the field answers instead,
 * usually one of the errors in its union.
 */
export type Precondition<Args, Context> = (args: Args, context: Context) => void;
