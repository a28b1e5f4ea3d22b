import base from '../../jest.config.js';

/** Only what is compared with others' software: `npm run test:peers`. Needs neither RabbitMQ nor Redis. */
const { globalSetup, globalTeardown, testPathIgnorePatterns, ...shared } = base;

export default { ...shared, rootDir: '../..', roots: ['<rootDir>/test/peers'] };
