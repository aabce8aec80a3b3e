import { constants } from "node:crypto";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { callerNames } from "../lib/caller-names.ts";
import { admittedAs, type CallerPattern } from "../lib/caller-pattern.ts";
import type { TlsMaterial } from "../lib/tls-material.ts";

/** Whose client certificates give the right to read. */
export interface ClientCertificates {
	readonly readers: readonly CallerPattern[];
}

/** A certificate is asked for and not demanded: probes have none. Sessions are not resumed, so each is proved anew. */
export function tlsOptions({ certificate, key, clientCa }: TlsMaterial) {
	return {
		cert: certificate,
		key,
		minVersion: "TLSv1.2",
		secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
		...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: false }),
	} as const;
}

/** Whether a connection has proved a certificate that may read. */
export function isReader(socket: Socket, { readers }: ClientCertificates): boolean {
	if (!(socket instanceof TLSSocket) || !socket.authorized) return false;
	const certificate = socket.getPeerX509Certificate();
	if (certificate === undefined || certificate.ca) return false;
	return admittedAs(readers, callerNames(certificate)) !== undefined;
}
