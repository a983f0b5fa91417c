// What integrators should stop using, in one table: from it come the headers of answers, the list in
// the capabilities document and `deprecated` in the OpenAPI description. COMPATIBILITY of CONTRACT.md
// says what an entry promises.
import type { Feature } from './capabilities.ts';
import type { RouteName } from './routes.ts';

type Target =
  | { readonly kind: 'route'; readonly route: RouteName }
  /** A field of a route's body, or one of its query parameters. */
  | { readonly kind: 'request_field'; readonly route: RouteName; readonly field: string }
  /** A field of what we send; `schema` as the OpenAPI description names it. */
  | { readonly kind: 'answer_field'; readonly schema: string; readonly field: string }
  | { readonly kind: 'feature'; readonly feature: Feature };

export type Deprecation = Target & {
  /** When it was announced, RFC 3339. */
  readonly since: string;
  /** Works at least until then, RFC 3339. */
  readonly sunset: string;
  /** What to use instead, in words. */
  readonly replacement: string;
  /** Where people read more. */
  readonly link: string;
};

/** Nothing yet: 1.0 is the first version. */
export const DEPRECATIONS: readonly Deprecation[] = [];

/** From announcement to sunset, at least. The same number is in CONTRACT.md (a test compares). */
export const SUNSET_AFTER_MONTHS = 12;

/** One stable name for what goes, unique in the table. */
export function nameOf(deprecation: Deprecation): string {
  switch (deprecation.kind) {
    case 'route':
      return deprecation.route;
    case 'request_field':
      return `${deprecation.route}#${deprecation.field}`;
    case 'answer_field':
      return `${deprecation.schema}#${deprecation.field}`;
    case 'feature':
      return deprecation.feature;
  }
}

/**
 * What applies to one request: its route, and those deprecated fields that it gives. Fields of
 * answers and features are told in the capabilities document only: a header on every answer that
 * has the field would tell nothing about who reads it.
 * @param given names of the query parameters and body fields of the request.
 */
export function deprecationsOf(
  table: readonly Deprecation[],
  route: RouteName,
  given: readonly string[],
): Deprecation[] {
  return table.filter(
    (each) =>
      (each.kind === 'route' && each.route === route) ||
      (each.kind === 'request_field' && each.route === route && given.includes(each.field)),
  );
}

const SECOND_MS = 1000;

/**
 * Deprecation (RFC 9745), Sunset (RFC 8594) and the links to what people read; where several apply,
 * the earliest dates count. Empty when nothing applies.
 */
export function deprecationHeaders(applying: readonly Deprecation[]): [string, string][] {
  if (applying.length === 0) return [];
  const earliest = (texts: string[]): number => Math.min(...texts.map((text) => Date.parse(text)));
  const sinceMs = earliest(applying.map(({ since }) => since));
  const sunsetMs = earliest(applying.map(({ sunset }) => sunset));
  const links = [...new Set(applying.map(({ link }) => link))];
  return [
    ['Deprecation', `@${Math.floor(sinceMs / SECOND_MS)}`],
    ['Sunset', new Date(sunsetMs).toUTCString()],
    ['Link', links.map((link) => `<${link}>; rel="deprecation"; type="text/html"`).join(', ')],
  ];
}

/** What is wrong with a table; empty when it keeps what CONTRACT.md promises. */
export function faultsOfDeprecations(table: readonly Deprecation[]): string[] {
  const names = table.map(nameOf);
  return table.flatMap((each, index) => {
    const name = nameOf(each);
    const sinceMs = Date.parse(each.since);
    const sunsetMs = Date.parse(each.sunset);
    if (Number.isNaN(sinceMs) || Number.isNaN(sunsetMs)) return [`${name}: a date is none`];
    const soonest = new Date(sinceMs);
    soonest.setUTCMonth(soonest.getUTCMonth() + SUNSET_AFTER_MONTHS);
    return [
      ...(sunsetMs < soonest.getTime()
        ? [`${name}: its sunset is sooner than ${SUNSET_AFTER_MONTHS} months after ${each.since}`]
        : []),
      ...(each.replacement.trim() === '' ? [`${name}: nothing is said to use instead`] : []),
      ...(URL.parse(each.link)?.protocol === 'https:' ? [] : [`${name}: its link is none`]),
      ...(names.indexOf(name) === index ? [] : [`${name} is there twice`]),
    ];
  });
}
