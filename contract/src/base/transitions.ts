// A table of allowed transitions and the one door through it.

export type TransitionTable<S extends string> = { readonly [From in S]: readonly S[] };

export const mayGo = <S extends string>(table: TransitionTable<S>, from: S, to: S): boolean =>
  table[from].includes(to);

/** States nothing leaves. */
export const finalStates = <S extends string>(table: TransitionTable<S>): S[] =>
  (Object.keys(table) as S[]).filter((state) => table[state].length === 0);
