import process from "node:process";
import { loadConfig } from "../../src/config/load.ts";
import { buildApp } from "../../src/serve/app.ts";
import { startHttp2 } from "./http2-way.ts";

/**
 * The whole of Postern as it is shipped, in a process of its own: `server.ts CONFIG WAY`. Tells its address, then, when
 * asked, what it has used.
 */
const [file = "", way = "lane"] = process.argv.slice(2);
const env = way === "http2" ? {} : { POSTERN_SERVE_TRANSPORT: way };
const app = buildApp(loadConfig({ file, env }), way === "http2" ? { startTransport: startHttp2 } : {});
const { grpc } = await app.start();
process.send?.({ address: grpc[0], missing: app.missing() });
process.on("message", () =>
	process.send?.({ cpu: process.cpuUsage(), rss: process.memoryUsage.rss(), version: process.versions.node }),
);
process.on("disconnect", () => {
	void app.stop("end of the benchmark").then(() => process.exit(0));
});
