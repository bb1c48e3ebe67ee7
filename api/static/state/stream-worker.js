// The live stream that a browser shares among all its pages.
import { Hub } from "./hub.js";

const hub = new Hub("../api/v1/stream");

onconnect = ({ ports: [port] }) => {
  port.onmessage = ({ data }) => hub.take(port, data);
};
