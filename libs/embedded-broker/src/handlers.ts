import type { Channel } from './channel.js';
import type { Args, MethodName } from './methods.js';

/** What a channel does for each method that a client may send. */
export type Handlers = { [N in MethodName]?: (channel: Channel, args: Args<N>) => void };
