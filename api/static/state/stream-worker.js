// The one live stream of a browser, for all its pages: over HTTP/1.1 a browser has six connections
// to a host, and a stream keeps one. It passes on what it hears and decides nothing.
const KINDS = ["status", "vitals", "alarm", "session", "device"];
const SILENT_MS = 15_000;

const ports = new Set();
let source = null;
let heard = 0;

function tell(name, data) {
  for (const port of ports) port.postMessage({ name, data });
}

function open() {
  source?.close();
  const opened = new EventSource("../api/v1/stream");
  source = opened;
  heard = Date.now();
  opened.onopen = () => tell("open");
  opened.onerror = () => {
    opened.close();
    if (source !== opened) return;
    source = null;
    tell("error");
  };
  for (const kind of KINDS)
    opened.addEventListener(kind, ({ data }) => {
      heard = Date.now();
      tell(kind, data);
    });
}

// A page that comes later joins what is open; one that heard nothing for long has it opened anew.
function join(port) {
  ports.add(port);
  port.postMessage({ name: "joined" });
  if (!source || Date.now() - heard > SILENT_MS) open();
  else if (source.readyState === EventSource.OPEN) port.postMessage({ name: "open" });
}

function leave(port) {
  ports.delete(port);
  if (ports.size) return;
  source?.close();
  source = null;
}

onconnect = ({ ports: [port] }) => {
  port.onmessage = ({ data }) => (data === "join" ? join(port) : leave(port));
};
