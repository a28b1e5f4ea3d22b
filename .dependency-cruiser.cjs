/** Who may import whom: the rules of docs/architecture.md, checked by `npm run check`. */
const only = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

module.exports = {
  forbidden: [
    only('no-cycles', 'A cycle has no bottom to start reading from.', {}, { circular: true }),
    only(
      'apps-use-lib-index',
      'A library is used through its index.ts.',
      { path: '^apps/' },
      { path: '^libs/[^/]+/src/(?!index\\.ts$)' },
    ),
    only(
      'libs-use-lib-index',
      'A library is used through its index.ts.',
      { path: '^libs/([^/]+)/' },
      { path: '^libs/[^/]+/src/(?!index\\.ts$)', pathNot: '^libs/$1/' },
    ),
    only(
      'app-never-imports-app',
      'Processes share contracts, not code.',
      { path: '^apps/(?!standalone/)([^/]+)/' },
      { path: '^apps/', pathNot: '^apps/$1/' },
    ),
    only(
      'standalone-creates-apps',
      'Standalone composes the apps by their create functions and configuration.',
      { path: '^apps/standalone/' },
      {
        path: '^apps/(?!standalone/)',
        pathNot: '^apps/[^/]+/src/(create-[a-z-]+|[a-z-]+\\.config)\\.ts$',
      },
    ),
    only(
      'common-imports-nothing-of-ours',
      'libs/common is the bottom.',
      { path: '^libs/common/' },
      { path: '^(apps|libs/(?!common/))' },
    ),
    only(
      'broker-imports-nothing-of-ours',
      'The embedded broker knows AMQP, not Otpost.',
      { path: '^libs/embedded-broker/' },
      { path: '^(apps|libs/(?!embedded-broker/))' },
    ),
    only(
      'provider-imports-common-only',
      'libs/sms-provider stands on libs/common.',
      { path: '^libs/sms-provider/' },
      { path: '^(apps|libs/(?!common/|sms-provider/))' },
    ),
    only(
      'providers-stand-alone',
      'A provider is one file: it knows the interface and its own company, never another provider or the sender.',
      { path: '^libs/sms-provider/src/providers/([^/]+)\\.ts$', pathNot: '\\.spec\\.ts$' },
      {
        path: '^libs/sms-provider/src/',
        pathNot:
          '^libs/sms-provider/src/(sms-provider|define-provider|provider-http|provider-settings|receipt-reader|rejections|aliyun-api)\\.ts$',
      },
    ),
    only(
      'amqp-only-in-messaging',
      'One place settles and publishes.',
      { path: '^(apps|libs)/', pathNot: '^libs/(common/src/messaging|embedded-broker)/|\\.spec\\.ts$' },
      { path: 'node_modules/(amqplib|amqp-connection-manager)/' },
    ),
    only(
      'redis-only-in-redis',
      'One place decides how a Redis client behaves.',
      { path: '^(apps|libs)/', pathNot: '^libs/common/src/redis/' },
      { path: 'node_modules/ioredis/', dependencyTypesNot: ['type-only'] },
    ),
    only(
      'production-imports-no-test',
      'Production code has no test support in it.',
      { path: '^(apps|libs)/', pathNot: '\\.(spec|suite)\\.ts$' },
      { path: '^test/|\\.(spec|suite)\\.ts$' },
    ),
    only(
      'no-dev-dependencies',
      'What runs in production is a dependency.',
      { path: '^(apps|libs)/', pathNot: '\\.(spec|suite)\\.ts$' },
      { dependencyTypes: ['npm-dev'], pathNot: 'node_modules/@types/' },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
