import tseslint from 'typescript-eslint';

/** Only rules that find mistakes; looks are prettier's, boundaries are dependency-cruiser's. */
export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/', '**/*.js', '**/*.mjs', '**/*.cjs'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { project: './tsconfig.check.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'all', caughtErrorsIgnorePattern: '^_' },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // An async method that has nothing to wait for still keeps its interface's promise.
      '@typescript-eslint/require-await': 'off',
      // `null` prototypes, JSON and broker headers come in as unknown shapes; they are checked by hand or by class-validator.
      '@typescript-eslint/no-unsafe-enum-comparison': 'off',
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Codes and ids come from node:crypto.' },
      ],
      'no-empty': ['error', { allowEmptyCatch: false }],
    },
  },
  {
    // Of Nest's microservice package a handler needs the parameter decorator and nothing else: the transport is libs/common/src/messaging's.
    files: ['apps/**/*.ts', 'libs/sms-provider/**/*.ts', 'libs/common/**/*.ts'],
    ignores: ['libs/common/src/messaging/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: [
            {
              name: '@nestjs/microservices',
              allowImportNames: ['Payload', 'MicroserviceOptions'],
              message: 'Only libs/common/src/messaging touches the transport.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['**/*.spec.ts', '**/*.suite.ts', 'test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
