// Where a page hears the live stream: from the one that its browser shares among all pages, or,
// where there is none, from one of its own.
import { Hub } from "./hub.js";

const ANSWER_MS = 5000;

// Whether the browser has a worker that answers.
let isShared = "SharedWorker" in globalThis;

// Gives "open", "error" and the stream's events, as an EventSource does.
class SharedSource extends EventTarget {
  constructor(bed) {
    super();
    // Of one address for the pages of all versions, so that they share one.
    const worker = new SharedWorker("state/stream-worker.js", { type: "module" });
    this.port = worker.port;
    const timer = setTimeout(() => this.#fail(), ANSWER_MS);
    worker.onerror = () => this.#fail();
    this.port.onmessage = ({ data: { name, data } }) => {
      clearTimeout(timer);
      this.dispatchEvent(new MessageEvent(name, { data }));
    };
    this.port.postMessage({ join: bed });
    this.leave = () => this.close();
    addEventListener("pagehide", this.leave);
  }

  #fail() {
    isShared = false;
    this.dispatchEvent(new Event("error"));
  }

  // Also the waves of that bed, of none with null.
  watch(bed) {
    this.port.postMessage({ watch: bed });
  }

  close() {
    removeEventListener("pagehide", this.leave);
    this.port.onmessage = null;
    this.port.postMessage("leave");
  }
}

class OwnSource extends EventTarget {
  #hub = new Hub("api/v1/stream");
  #closed = false;

  constructor(bed) {
    super();
    this.#hub.take(this, { join: bed });
  }

  postMessage({ name, data }) {
    if (!this.#closed) this.dispatchEvent(new MessageEvent(name, { data }));
  }

  watch(bed) {
    this.#hub.take(this, { watch: bed });
  }

  close() {
    this.#closed = true;
    this.#hub.take(this, "leave");
  }
}

// With the waves of `bed`, of none with null.
export const openSource = (bed) => (isShared ? new SharedSource(bed) : new OwnSource(bed));
