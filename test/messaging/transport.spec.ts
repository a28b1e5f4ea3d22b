import { transportSuite } from './transport.suite.js';

transportSuite('RabbitMQ', () => process.env.RABBITMQ_URL!);
