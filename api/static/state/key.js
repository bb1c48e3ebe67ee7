// A name that nobody else has made. A page from another machine without TLS has no randomUUID.
export const newKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
