import type { Finding } from "../../config/finding.ts";
import type { Config, TlsFiles } from "../../config/types.ts";
import type { Clock } from "../../lib/clock.ts";
import { toPosternError } from "../../lib/errors.ts";
import { readAdminToken } from "../admin-tokens.ts";
import { checkMaterial } from "./material.ts";
import { readTlsFiles } from "./read-files.ts";

/** What a check finds in certificates, keys, authorities and tokens, without opening a port. */
export async function inspectTls({ serve }: Config, clock: Clock): Promise<Finding[]> {
	const { read_token_file: read, write_token_file: write } = serve.admin_auth;
	const found = await Promise.all([
		inspectFiles("serve.tls", serve.tls, clock),
		inspectFiles("serve.admin_tls", serve.admin_tls, clock),
		read === undefined ? [] : inspectToken("read_token_file", read),
		write === undefined ? [] : inspectToken("write_token_file", write),
	]);
	return found.flat();
}

async function inspectFiles(section: string, files: TlsFiles, clock: Clock): Promise<Finding[]> {
	if (files.certificate === undefined || files.key === undefined) return [];
	try {
		const { validFrom, validTo, clientCaValidTo, warnings } = checkMaterial(await readTlsFiles(files));
		const now = clock.now();
		const findings = warnings.map((message) => finding(section, "certificate", message));
		if (now >= validTo)
			findings.push(finding(section, "certificate", `is expired since ${new Date(validTo).toISOString()}`));
		if (now < validFrom)
			findings.push(
				finding(section, "certificate", `is not valid before ${new Date(validFrom).toISOString()}`),
			);
		if (clientCaValidTo !== undefined && now >= clientCaValidTo)
			findings.push(finding(section, "client_ca", "every authority is expired"));
		return findings;
	} catch (thrown) {
		const [, name = "certificate", message = ""] =
			/^(certificate|key|client_ca): (.*)$/s.exec(toPosternError(thrown).message) ?? [];
		return [finding(section, name, message)];
	}
}

async function inspectToken(key: "read_token_file" | "write_token_file", path: string): Promise<Finding[]> {
	try {
		await readAdminToken(key, path);
		return [];
	} catch (thrown) {
		const { code, message } = toPosternError(thrown);
		return [
			{ code, message: message.slice(`serve.admin_auth.${key}: `.length), key: `serve.admin_auth.${key}` },
		];
	}
}

function finding(section: string, name: string, message: string): Finding {
	return { code: "tls_unusable", key: `${section}.${name}`, message };
}
