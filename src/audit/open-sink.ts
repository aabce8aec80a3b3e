import { errorMessage } from "../lib/error-message.ts";
import { PosternError } from "../lib/errors.ts";
import { type AuditSink, openFileSink, openStreamSink } from "./sink.ts";

/**
 * The sink that `audit.sink` names; undefined for `off`.
 *
 * @throws PosternError `audit_sink_unusable`
 */
export async function openSink(name: string): Promise<AuditSink | undefined> {
	if (name === "off") return undefined;
	if (name === "stdout") return openStreamSink(1);
	try {
		return await openFileSink(name);
	} catch (thrown) {
		throw new PosternError("audit_sink_unusable", `audit.sink: ${errorMessage(thrown)}`, { cause: thrown });
	}
}
