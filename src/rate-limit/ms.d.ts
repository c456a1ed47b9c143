// The grammar graphql-rate-limit reads its windows with; the package carries no types of its own.
declare module 'ms' {
  /** Milliseconds, or undefined for text outside the grammar. Throws on an empty string. */
  export default function ms(value: string): number | undefined;
}
