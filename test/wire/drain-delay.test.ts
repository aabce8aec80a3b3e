import { afterEach, describe, expect, test } from "@jest/globals";
import { type RunningApp, startApp } from "../support/app-fixture.ts";
import { TRANSPORTS } from "../support/transports.ts";
import { until } from "../support/until.ts";

const POLICY = "package envoy.authz\n\ndefault allow := true\n";

let app: RunningApp | undefined;
afterEach(async () => {
	app?.app.force();
	await app?.stop();
});

describe.each(TRANSPORTS)("the delay of a drain, over %s", (transport) => {
	test("health says NOT_SERVING at once, calls are taken until it is over", async () => {
		app = await startApp({ policy: POLICY, transport, serve: "drain_delay_seconds: 2" });
		expect(await app.health()).toBe("SERVING");
		const stopped = app.app.stop("SIGTERM");
		await until(async () => (await app?.health()) === "NOT_SERVING");
		expect((await app.admin("/readyz")).status).toBe(503);
		expect(await app.check()).toMatchObject({ code: 0 });
		await stopped;
		await expect(app.check()).rejects.toMatchObject({ code: 14 });
	}, 20_000);

	test("it is cut short by whoever cannot wait", async () => {
		app = await startApp({ policy: POLICY, transport, serve: "drain_delay_seconds: 600" });
		const stopped = app.app.stop("SIGTERM");
		await until(async () => (await app?.health()) === "NOT_SERVING");
		app.app.force();
		await stopped;
		await expect(app.check()).rejects.toMatchObject({ code: 14 });
	}, 20_000);
});
