import { expect, test } from "@jest/globals";
import { isLocalReply } from "../../../../src/envoy/ext-proc/local-replies.ts";

test.each([
	"ext_authz_denied",
	"ext_authz_error",
	"route_not_found",
	"direct_response",
	"no_healthy_upstream",
	"response_timeout",
	"upstream_reset_before_response_started{connection_termination}",
	"upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}",
])("%s is Envoy's own", (details) => {
	expect(isLocalReply(details)).toBe(true);
});

test.each([
	undefined,
	"",
	"via_upstream",
	"lua_response",
	"cache.response_from_cache_filter",
	"ext_authz_denied{x}",
	"upstream_reset_before_response_started",
	"upstream_reset_before_response_started{x",
	"{x}",
	"constructor",
])("%s counts as an upstream's", (details) => {
	expect(isLocalReply(details)).toBe(false);
});
