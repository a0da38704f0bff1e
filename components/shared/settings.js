/*
 * The settings of a view that a link holds: `?label=grain&scale=relative`. The page keeps them when it writes its own
 * part of the address. A saved report is no page of the app: there is no link then, and nothing happens.
 */

/** The setting's value in the address, or null. */
function linkedSetting(name) {
  return location.protocol.startsWith("http") ? new URLSearchParams(location.search).get(name) : null;
}

/** Put the setting into the address, without a step in the browser's history; null takes it out. */
function linkSetting(name, value) {
  if (!location.protocol.startsWith("http") || linkedSetting(name) === value) return;
  const address = new URL(location.href);
  if (value === null) address.searchParams.delete(name);
  else address.searchParams.set(name, value);
  history.replaceState(history.state, "", address);
}
