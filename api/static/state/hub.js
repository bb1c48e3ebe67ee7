// The one live stream for all that hear it: over HTTP/1.1 a browser has six connections to a host,
// and a stream keeps one. It passes on what it hears and decides nothing. Each port says {join: bed},
// where the bed is that of which it wants the waves or null, {watch: bed} for another, and "leave".
import { newKey } from "./key.js";

const KINDS = ["status", "vitals", "alarm", "session", "device", "waveform"];
const SILENT_MS = 15_000;

export class Hub {
  #url;
  // By which the displays that hear its stream say so.
  #name = newKey();
  // By port: the bed whose waves it wants, or null.
  #ports = new Map();
  #source = null;
  #next = null;
  #heard = 0;
  #last = 0;

  constructor(url) {
    this.#url = url;
  }

  take(port, message) {
    if (message === "leave") this.#leave(port);
    else if ("join" in message) this.#join(port, message.join);
    else this.#watch(port, message.watch);
  }

  #tell(name, data) {
    for (const port of this.#ports.keys()) port.postMessage({ name, data });
  }

  get #waves() {
    return [...new Set([...this.#ports.values()].filter(Boolean))].sort().slice(0, 8).join("\n");
  }

  #make() {
    const query = new URLSearchParams(
      this.#waves.split("\n").flatMap((bed) => (bed ? [["waveform", bed]] : [])),
    );
    query.set("name", this.#name);
    if (this.#last && this.#source) query.set("after", this.#last);
    const made = new EventSource(`${this.#url}?${query}`);
    made.waves = this.#waves;
    for (const kind of KINDS)
      made.addEventListener(kind, ({ data, lastEventId }) => {
        if (kind === "waveform" && made !== this.#source) return;
        this.#heard = Date.now();
        if (kind !== "status" && kind !== "vitals" && kind !== "waveform") {
          if (Number(lastEventId) && Number(lastEventId) <= this.#last) return;
          this.#last = Number(lastEventId) || this.#last;
        }
        this.#tell(kind, data);
      });
    return made;
  }

  #open() {
    this.#drop();
    this.#last = 0;
    const opened = this.#make();
    this.#source = opened;
    this.#heard = Date.now();
    opened.onopen = () => this.#tell("open", this.#name);
    opened.onerror = () => this.#lost(opened);
  }

  #lost(source) {
    source.close();
    if (source !== this.#source) return;
    this.#drop();
    this.#tell("error");
  }

  #drop() {
    this.#source?.close();
    this.#next?.close();
    this.#source = this.#next = null;
  }

  // Other waves are wanted: another stream takes over once it is open, so that nothing is missed.
  #change() {
    if (!this.#source || (this.#next ?? this.#source).waves === this.#waves) return;
    if (this.#source.readyState !== EventSource.OPEN) return this.#open();
    this.#next?.close();
    const next = this.#make();
    this.#next = next;
    next.onopen = () => {
      if (next !== this.#next) return;
      this.#source.close();
      this.#source = next;
      this.#next = null;
    };
    next.onerror = () => {
      if (next === this.#next) this.#next = null;
      this.#lost(next);
    };
  }

  // A page that comes later joins what is open; one that heard nothing for long has it opened anew.
  #join(port, bed) {
    this.#ports.set(port, bed);
    port.postMessage({ name: "joined" });
    if (!this.#source || Date.now() - this.#heard > SILENT_MS) return this.#open();
    if (this.#source.readyState === EventSource.OPEN) {
      port.postMessage({ name: "open", data: this.#name });
    }
    this.#change();
  }

  #watch(port, bed) {
    if (!this.#ports.has(port) || this.#ports.get(port) === bed) return;
    this.#ports.set(port, bed);
    this.#change();
  }

  #leave(port) {
    this.#ports.delete(port);
    if (this.#ports.size) this.#change();
    else this.#drop();
  }
}
