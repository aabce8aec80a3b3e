import { type Builtin, ofString } from "./builtin.ts";
import { textOf } from "./utf8.ts";

const HEX = /^(?:[0-9a-fA-F]{2})*$/;

export const encodingBuiltins: Readonly<Record<string, Builtin>> = {
	"hex.encode": ofString((text) => Buffer.from(text, "utf8").toString("hex")),
	"hex.decode": ofString((text) => (HEX.test(text) ? textOf(Buffer.from(text, "hex")) : undefined)),
	"base64url.encode_no_pad": ofString((text) => Buffer.from(text, "utf8").toString("base64url")),
};
