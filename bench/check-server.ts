import process from "node:process";
import { type ServiceDefinition as GrpcService, Server, ServerCredentials } from "@grpc/grpc-js";
import { authorizationService } from "../src/envoy/transport/grpc-js/services.ts";
import { makeWays } from "./check-ways.ts";

/** A process that serves one way, so that its CPU time can be told from its client's. */
const [way] = process.argv.slice(2);
const ways = await makeWays();
let server: Server;
if (way === "naive") {
	server = new Server();
	server.addService(ways.service as GrpcService, {
		Check: (call: { request: object }, done: (error: null, answer: object) => void) =>
			done(null, ways.handle(call.request)),
	});
} else {
	const answer = way === "strict" ? ways.strict : ways.ours;
	server = new Server({ "grpc.enable_channelz": 0 });
	server.addService(authorizationService, {
		Check: (call: { request: Buffer }, done: (error: null, bytes: Buffer) => void) =>
			done(null, answer(call.request)),
	});
}
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
	if (error !== null) throw error;
	process.send?.({ port });
});
process.on("message", () => process.send?.({ cpu: process.cpuUsage() }));
process.on("disconnect", () => server.forceShutdown());
