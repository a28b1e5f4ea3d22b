/** An item of a list: a string and its parameters, all of them integers. */
export interface ListItem {
  readonly name: string;
  readonly parameters: Readonly<Record<string, number>>;
}

const ITEM = /^"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"((?:; *[a-z*][a-z0-9_.*-]*=-?\d{1,15})*)$/;

/** Reads a structured field (RFC 9651 §4.2) that is a list of strings with integer parameters; throws for anything else. */
export const parseList = (text: string): ListItem[] =>
  text.split(/[ \t]*,[ \t]*/).map((member) => {
    const [, name, parameters] = ITEM.exec(member) ?? [];
    if (name === undefined) throw new Error(`not a list of strings with integer parameters: ${text}`);
    const pairs = parameters!.split(';').slice(1);
    return {
      name,
      parameters: Object.fromEntries(pairs.map((pair) => pair.trim().split('=')).map(([key, value]) => [key, +value!])),
    };
  });
