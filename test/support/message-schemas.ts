import protobuf from "protobufjs";
import "protobufjs/ext/descriptor/index.js";
import { readDescriptors } from "../../src/envoy/protobuf/descriptors.ts";
import { type Schema, schemaOf } from "./descriptors.ts";

/** Every kind of field that proto3 has, and the types that JSON writes in forms of their own. */
export const PROTO3: Schema = schemaOf(`
	syntax = "proto3";
	package t;
	enum Color { NONE = 0; RED = 1; BLUE = 2; }
	message M {
		string name = 1;
		string user_name = 2;
		int32 a = 3;
		int64 b = 4;
		uint32 c = 5;
		uint64 d = 6;
		sint32 e = 7;
		sint64 f = 8;
		fixed32 g = 9;
		fixed64 h = 10;
		sfixed32 i = 11;
		sfixed64 j = 12;
		double k = 13;
		float l = 14;
		bool on = 15;
		bytes raw = 16;
		Color color = 17;
		repeated string tags = 18;
		repeated int32 nums = 19;
		repeated Color colors = 20;
		M child = 21;
		repeated M items = 22;
		map<string, string> labels = 23;
		map<int32, M> by_id = 24;
		map<string, google.protobuf.Value> any_labels = 25;
		oneof pick { string text = 26; M sub = 27; int32 number = 28; }
		optional int32 maybe = 29;
		google.protobuf.Timestamp at = 30;
		google.protobuf.Duration for = 31;
		google.protobuf.StringValue said = 32;
		google.protobuf.Int64Value wide = 33;
		google.protobuf.BoolValue flag = 34;
		google.protobuf.FieldMask paths = 35;
		google.protobuf.Struct free = 36;
		google.protobuf.Value value = 37;
		google.protobuf.ListValue list = 38;
		google.protobuf.Any packed = 39;
		repeated google.protobuf.Value values = 40;
		repeated double weights = 41;
		map<bool, bytes> flags = 42;
		repeated google.protobuf.Timestamp times = 43;
	}
	message N { string secret = 1; M m = 2; int32 a = 3; }
	service S {
		rpc Get(N) returns (M);
		rpc List(N) returns (stream M);
		rpc Put(stream M) returns (N);
	}
`);

/** What proto2 has besides: required fields, groups, repeated numbers one by one, enumerations without a zero. */
export const PROTO2: Schema = proto2(`
	syntax = "proto2";
	package t;
	enum Level { LOW = 3; HIGH = 5; }
	message Q {
		required string name = 1;
		optional int32 a = 2;
		required Level level = 3;
		repeated int32 nums = 4;
		optional Q child = 5;
		repeated group Items = 6 { required string name = 1; optional int32 a = 2; }
		optional group Sub = 7 { optional string name = 1; optional Q child = 2; }
		required R must = 8;
		repeated Level levels = 9;
	}
	message R { required int32 a = 1; optional string name = 2; }
`);

function proto2(source: string): Schema {
	const root = new protobuf.Root();
	protobuf.parse(source, root, { keepCase: true });
	root.resolveAll();
	const set = (
		root as unknown as {
			toDescriptor(syntax: string): { readonly $type: { encode(message: object): protobuf.Writer } };
		}
	).toDescriptor("proto2");
	const bytes = Buffer.from(set.$type.encode(set).finish());
	return { root, bytes, descriptors: readDescriptors(bytes) };
}
