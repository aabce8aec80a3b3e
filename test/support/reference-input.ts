import { resolve } from "node:path";
import protobuf from "protobufjs";
import { plainStruct } from "./ext-authz-messages.ts";

/**
 * The input document the plain way: protobufjs to objects, objects by hand. Slow, and the second opinion on the
 * transcoder. Only for messages on which protobufjs and Go agree (valid UTF-8, no `__proto__`, nothing repeated).
 */
const root = new protobuf.Root();
root.resolvePath = (_origin, target) =>
	target.startsWith("google/protobuf/") ? null : resolve(import.meta.dirname, "../../proto", target);
root.loadSync(["envoy/service/auth/v3/external_auth.proto"]);
const Request = root.lookupType("envoy.service.auth.v3.CheckRequest");

type Plain = Record<string, unknown>;

export function referenceAttributes(bytes: Uint8Array): unknown {
	return (messageOf(Request, Request.decode(bytes)) as Plain)["attributes"];
}

function messageOf(type: protobuf.Type, message: protobuf.Message): unknown {
	if (type.fullName === ".google.protobuf.Struct") return plainStruct(type.toObject(message));
	const fields = message as unknown as Plain;
	const out: Plain = {};
	for (const field of type.fieldsArray) {
		field.resolve();
		const value = Object.hasOwn(fields, field.name) ? fields[field.name] : undefined;
		if (value === undefined || value === null) continue;
		const name = field.name === "typeUrl" ? "typeUrl" : field.name;
		if (field instanceof protobuf.MapField) {
			const entries = Object.entries(value as Plain);
			if (entries.length > 0)
				out[name] = Object.fromEntries(entries.map(([key, each]) => [key, single(field, each)]));
		} else if (field.repeated) {
			if ((value as unknown[]).length > 0)
				out[name] = (value as unknown[]).map((each) => single(field, each));
		} else {
			const each = single(field, value);
			const isDefault = each === "" || each === 0 || each === false;
			if (!isDefault || (field.partOf !== null && field.partOf !== undefined)) out[name] = each;
		}
	}
	return out;
}

function single(field: protobuf.Field, value: unknown): unknown {
	if (field.resolvedType instanceof protobuf.Type)
		return messageOf(field.resolvedType, value as protobuf.Message);
	if (field.type === "bytes") return Buffer.from(value as Uint8Array).toString("base64");
	return typeof value === "object" && value !== null ? Number(value) : value;
}
