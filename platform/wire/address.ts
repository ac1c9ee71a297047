/** Where a process listens, in one word. */

/** Splits `host:port`, `[host]:port` for IPv6. Throws a RangeError that says what `option` is expected to be. */
export function parseAddress(option: string, address: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain = bracketed ?? '', digits = ''] = /^(?:\[([^\]]+)\]|([^[\]]+)):(\d{1,5})$/.exec(address) ?? [];
  const port = Number(digits);
  if (plain === '' || port > 65_535) throw new RangeError(`${option}: expected host:port, got "${address}"`);
  return { host: plain, port };
}
