import { byteString, bytesOf } from "../term/byte-string.ts";
import { type Builtin, ofString } from "./builtin.ts";

const HEX = /^(?:[0-9a-fA-F]{2})*$/;

export const encodingBuiltins: Readonly<Record<string, Builtin>> = {
	"hex.encode": ofString((text) => bytesOf(text).toString("hex")),
	"hex.decode": ofString((text) => (HEX.test(text) ? byteString(Buffer.from(text, "hex")) : undefined)),
	"base64url.encode_no_pad": ofString((text) => bytesOf(text).toString("base64url")),
};
