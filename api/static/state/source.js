// Where a page hears the live stream: from the one that its browser shares among all pages, or,
// where there is none, from one of its own.
const ANSWER_MS = 5000;

// Whether the browser has a worker that answers.
let isShared = "SharedWorker" in globalThis;

// Gives "open", "error" and the stream's events, as an EventSource does.
class SharedSource extends EventTarget {
  constructor() {
    super();
    const worker = new SharedWorker(new URL("stream-worker.js", import.meta.url));
    this.port = worker.port;
    const timer = setTimeout(() => this.#fail(), ANSWER_MS);
    worker.onerror = () => this.#fail();
    this.port.onmessage = ({ data: { name, data } }) => {
      clearTimeout(timer);
      this.dispatchEvent(new MessageEvent(name, { data }));
    };
    this.port.postMessage("join");
    this.leave = () => this.close();
    addEventListener("pagehide", this.leave);
  }

  #fail() {
    isShared = false;
    this.dispatchEvent(new Event("error"));
  }

  close() {
    removeEventListener("pagehide", this.leave);
    this.port.onmessage = null;
    this.port.postMessage("leave");
  }
}

export const openSource = () =>
  isShared ? new SharedSource() : new EventSource("api/v1/stream");
