/**
 * Fills the `${NAME}` places of an Envoy configuration of `envoy/`. Every place needs a value and every value a
 * place: a setting that is forgotten or misspelt must not end up in a running proxy.
 *
 * @param {string} template text of a file of `envoy/`
 * @param {Readonly<Record<string, string | number>>} values by name of the place
 * @returns {string} the configuration, YAML
 */
export function renderEnvoyConfig(template, values) {
	const used = new Set();
	const text = template.replaceAll(/\$\{([A-Z_]+)\}/g, (_place, name) => {
		if (!Object.hasOwn(values, name)) throw new Error(`no value for \${${name}}`);
		used.add(name);
		return String(values[name]);
	});
	const unknown = Object.keys(values).filter((name) => !used.has(name));
	if (unknown.length > 0) throw new Error(`the template has no place for ${unknown.join(", ")}`);
	return text;
}

/**
 * An address as Envoy's configuration writes it, from the way Postern's own configuration writes it.
 *
 * @param {string} address `HOST:PORT` or `unix:///PATH`
 * @returns {string} YAML in flow style
 */
export function envoyAddress(address) {
	if (address.startsWith("unix:")) {
		const path = address.slice("unix:".length).replace(/^\/\//, "");
		return JSON.stringify({ pipe: { path } });
	}
	const colon = address.lastIndexOf(":");
	const port = Number(address.slice(colon + 1));
	if (colon < 1 || !Number.isInteger(port)) throw new Error(`not an address: ${address}`);
	const host = address.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
	return JSON.stringify({ socket_address: { address: host, port_value: port } });
}
