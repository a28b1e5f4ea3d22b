import type { App, Environment } from './processes.js';
import type { Scene } from './scene.js';
import type { Bounds } from './verdict.js';

/** One fault: what is done to a system under load, and what it may cost. */
export interface Row {
  readonly id: string;
  readonly title: string;
  /** RabbitMQ nodes that the fault needs. */
  readonly nodes: 1 | 3;
  /** Part of `--short`. */
  readonly short?: true;
  readonly bounds: Bounds;
  /** Beyond the usual ones, for gateways and workers. */
  readonly settings?: Environment;
  /** 2 unless said otherwise. */
  readonly gateways?: number;
  readonly workers?: number;
  /** Requests a second before, during and after the play; 0: the play asks by itself. */
  readonly rate?: number;
  /** How long the last promised text may take to arrive once the load has ended. */
  readonly drainSeconds?: number;
  /** Options of Node.js for a process. */
  readonly nodeOptionsOf?: (app: App, n: number) => readonly string[];
  /** Before the processes start. */
  readonly prepare?: (scene: Scene) => Promise<void>;
  /** Injects and heals. */
  readonly play: (scene: Scene) => Promise<void>;
}
