// Versions as capabilities: the wire says what it can do, nobody compares numbers.

/** Version of the integration contract (semver). A breaking change needs a new major and path. */
export const CONTRACT_VERSION = '1.0.0';
export const SUPPORTED_VERSIONS = ['1'] as const;

/** Version of the socket conversations between our own processes; both N and N-1 are understood. */
export const WIRE_VERSION = 1;
