import { isExposed } from "../../config/tls-rules.ts";
import type { Config } from "../../config/types.ts";
import { createTlsSource, type TlsSource, type TlsSourceOptions, type TlsState } from "./source.ts";

/** The certificates of the ports that carry TLS. */
export interface TlsPorts {
	/** Absent: every gRPC address is a unix socket or a loopback port. */
	readonly grpc?: TlsSource;
	/** Absent: plain HTTP. */
	readonly admin?: TlsSource;
	/** @throws PosternError `tls_unusable` */
	start(): Promise<void>;
	stop(): void;
	state(): Readonly<Partial<Record<"grpc" | "admin", TlsState>>>;
}

export function createTlsPorts(
	{ serve }: Config,
	deps: Pick<TlsSourceOptions, "clock" | "log" | "metrics">,
): TlsPorts {
	const { reload_seconds: reloadSeconds } = serve.tls;
	const grpc = serve.grpc.some(isExposed)
		? createTlsSource({ port: "grpc", files: serve.tls, reloadSeconds, ...deps })
		: undefined;
	const admin =
		serve.admin !== "off" && serve.admin_tls.certificate !== undefined
			? createTlsSource({ port: "admin", files: serve.admin_tls, reloadSeconds, ...deps })
			: undefined;
	return {
		...(grpc === undefined ? {} : { grpc }),
		...(admin === undefined ? {} : { admin }),
		async start() {
			await Promise.all([grpc?.start(), admin?.start()]);
		},
		stop() {
			grpc?.stop();
			admin?.stop();
		},
		state: () => ({
			...(grpc === undefined ? {} : { grpc: grpc.state() }),
			...(admin === undefined ? {} : { admin: admin.state() }),
		}),
	};
}
