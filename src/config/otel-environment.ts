type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What the variables that every OpenTelemetry exporter reads say of our keys, with the name of each. An endpoint for all
 * signals is a base, to which the path of traces is added (OTLP Exporter Configuration, "Endpoint URLs for OTLP/HTTP").
 */
export function otelValues(
	env: Environment,
): readonly { readonly name: string; readonly key: string; readonly text: string }[] {
	const found: { name: string; key: string; text: string }[] = [];
	const take = (name: string, key: string, change: (text: string) => string = (text) => text): void => {
		const text = env[name];
		if (text !== undefined && text !== "") found.push({ name, key, text: change(text) });
	};
	if (!isOff(env)) {
		take(
			"OTEL_EXPORTER_OTLP_ENDPOINT",
			"telemetry.traces.endpoint",
			(base) => `${base.replace(/\/+$/, "")}/v1/traces`,
		);
		take("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "telemetry.traces.endpoint");
	}
	take("OTEL_SERVICE_NAME", "telemetry.traces.service_name");
	take("OTEL_RESOURCE_ATTRIBUTES", "telemetry.traces.resource_attributes");
	return found;
}

function isOff(env: Environment): boolean {
	return env["OTEL_SDK_DISABLED"]?.toLowerCase() === "true" || env["OTEL_TRACES_EXPORTER"] === "none";
}
