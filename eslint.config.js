// Few rules, each with its reason. Formatting belongs to prettier, types to tsc.
import tseslint from 'typescript-eslint';

/** Inside one app: edges may use sessions, sessions may use capabilities, never the other way. */
const direction = (app, from, forbidden) => ({
  files: from.map((folder) => `${app}/src/${folder}/**/*.ts`),
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: forbidden.map((folder) => ({
          // our own folders only: contract has namesakes
          group: [`**/${folder}/*`, '!@guruconnect/**'],
          message: `${from.join(', ')} must not depend on ${folder} (see ARCHITECTURE.md, dependency direction)`,
        })),
      },
    ],
  },
});

export default tseslint.config(
  { ignores: ['**/node_modules/**', '**/dist/**', '.gc/**', '**/*.js', '**/*.mjs', '**/*.d.ts'] },
  ...tseslint.configs.recommended,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.ts'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      // A promise nobody waits for is an error nobody sees.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      // A type import vanishes at run time: say so, since Node strips types without looking.
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ExportDefaultDeclaration',
          message: 'named exports only: the name is the contract',
        },
      ],
    },
  },
  // config files of tools have to export a default
  { files: ['**/*.config.ts'], rules: { 'no-restricted-syntax': 'off' } },
  // contract promises to run anywhere; its tools (main.ts, mock) and what our servers share run in Node
  {
    files: ['contract/src/**/*.ts'],
    ignores: ['**/*.test.ts', '**/main.ts', 'contract/src/mock/**', 'contract/src/node/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['node:*'], message: 'contract is runtime-neutral' }] },
      ],
    },
  },
  direction(
    'signaling',
    ['media', 'store', 'turn', 'keys', 'webhooks'],
    ['http', 'signal', 'session'],
  ),
  direction('signaling', ['session'], ['http', 'signal']),
  direction('sfu', ['media'], ['control']),
  direction(
    'agent-bridge',
    ['media', 'input', 'rtc', 'consent', 'displays', 'x11'],
    ['link', 'session'],
  ),
  direction('viewer', ['media', 'input', 'link'], ['ui', 'embed']),
);
