import { request } from "node:https";
import { API_SERVER, LOOPBACK } from "./addresses.mjs";

/**
 * @typedef {{ status: number, text: string, body: any }} Answer `body` is what the text says, where it is JSON
 * @typedef {ReturnType<typeof createApi>} Api
 */

/**
 * What the run asks of the API server, without kubectl.
 *
 * @param {string} authority PEM
 * @param {string} token
 */
export function createApi(authority, token) {
	/** Names of resources by group, version and kind. */
	const known = new Map();

	/**
	 * @param {string} method
	 * @param {string} path
	 * @param {unknown} [body] an object, or a text of YAML
	 * @param {string} [type]
	 * @returns {Promise<Answer>}
	 */
	function call(
		method,
		path,
		body,
		type = typeof body === "string" ? "application/yaml" : "application/json",
	) {
		return new Promise((resolve, reject) => {
			const asked = request(
				{
					host: LOOPBACK,
					port: API_SERVER,
					ca: authority,
					servername: "localhost",
					method,
					path,
					headers: {
						authorization: `Bearer ${token}`,
						...(body === undefined ? {} : { "content-type": type }),
					},
					timeout: 20_000,
				},
				(response) => {
					const chunks = [];
					response.on("data", (chunk) => chunks.push(chunk));
					response.on("error", reject);
					response.on("end", () => {
						const text = Buffer.concat(chunks).toString("utf8");
						const json = response.headers["content-type"]?.includes("json") === true;
						resolve({ status: response.statusCode ?? 0, text, body: json ? JSON.parse(text) : undefined });
					});
				},
			);
			asked.on("timeout", () => asked.destroy(new Error(`${method} ${path}: no answer`)));
			asked.on("error", reject);
			asked.end(typeof body === "string" ? body : body === undefined ? undefined : JSON.stringify(body));
		});
	}

	/** @param {string} apiVersion @param {string} kind @returns {Promise<{ name: string, namespaced: boolean }>} */
	async function resource(apiVersion, kind) {
		const key = `${apiVersion}/${kind}`;
		if (!known.has(key)) {
			const { status, body } = await call("GET", root(apiVersion));
			if (status !== 200) throw new Error(`the API server knows no ${apiVersion}`);
			for (const each of body.resources) {
				if (!each.name.includes("/")) known.set(`${apiVersion}/${each.kind}`, each);
			}
		}
		const found = known.get(key);
		if (found === undefined) throw new Error(`the API server knows no ${key}`);
		return found;
	}

	/** Where an object is. @param {any} object */
	async function place({ apiVersion, kind, metadata }) {
		const { name, namespaced } = await resource(apiVersion, kind);
		const where = namespaced ? `/namespaces/${metadata.namespace ?? "default"}` : "";
		return `${root(apiVersion)}${where}/${name}/${metadata.name}`;
	}

	return {
		call,

		/** @param {string} apiVersion @param {string} kind @param {string} name @param {string} [namespace] */
		async get(apiVersion, kind, name, namespace) {
			return call("GET", await place({ apiVersion, kind, metadata: { name, namespace } }));
		},

		/**
		 * Makes an object, or makes it so.
		 *
		 * @param {any} object
		 * @throws when the API server refuses it
		 */
		async apply(object) {
			const path = `${await place(object)}?fieldManager=mesh-run&force=true`;
			const { status, text, body } = await call("PATCH", path, object, "application/apply-patch+yaml");
			if (status !== 200 && status !== 201) {
				throw new Error(`${object.kind} ${object.metadata.name}: ${text}`);
			}
			return body;
		},

		/** @param {any} object with its status */
		async setStatus(object) {
			const path = `${await place(object)}/status`;
			const { status, text } = await call(
				"PATCH",
				path,
				{ status: object.status },
				"application/merge-patch+json",
			);
			if (status !== 200) throw new Error(`status of ${object.kind} ${object.metadata.name}: ${text}`);
		},

		/** @param {any} object */
		place,
	};
}

/** @param {string} apiVersion */
const root = (apiVersion) => (apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`);
