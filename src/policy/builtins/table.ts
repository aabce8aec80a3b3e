import { awsBuiltins } from "./aws/sign-req.ts";
import type { Builtin } from "./builtin.ts";
import { castBuiltins } from "./casts.ts";
import { cryptoBuiltins } from "./crypto.ts";
import { encodingBuiltins } from "./encoding.ts";
import { graphBuiltins } from "./graph.ts";
import { graphqlBuiltins } from "./graphql/graphql.ts";
import { jwtBuiltins } from "./jwt/jwt.ts";
import { marshalBuiltins } from "./marshal-options.ts";
import { netBuiltins } from "./net/net.ts";
import { objectBuiltins } from "./objects.ts";
import { patchBuiltins } from "./patch.ts";
import { randBuiltins } from "./rand.ts";
import { rangeBuiltins } from "./range.ts";
import { regexBuiltins } from "./regex.ts";
import { regoBuiltins } from "./rego/rego.ts";
import { runtimeBuiltins } from "./runtime.ts";
import { schemaBuiltins } from "./schema/schema.ts";
import { semverBuiltins } from "./semver.ts";
import { sprintfBuiltins } from "./sprintf/sprintf.ts";
import { stringBuiltins } from "./strings.ts";
import { templateBuiltins } from "./template/template.ts";
import { timeBuiltins } from "./time/time.ts";
import { traceBuiltins } from "./trace.ts";
import { unitBuiltins } from "./units.ts";
import { uriBuiltins } from "./uri.ts";
import { urlqueryBuiltins } from "./urlquery.ts";
import { uuidBuiltins } from "./uuid.ts";
import { x509Builtins } from "./x509/x509.ts";
import { yamlBuiltins } from "./yaml/yaml.ts";

/** Every builtin that the host supplies to a policy, by its name in Rego. What is not here is refused at load. */
export const HOST_BUILTINS: ReadonlyMap<string, Builtin> = new Map(
	Object.entries({
		...awsBuiltins,
		...castBuiltins,
		...cryptoBuiltins,
		...encodingBuiltins,
		...graphBuiltins,
		...graphqlBuiltins,
		...jwtBuiltins,
		...marshalBuiltins,
		...netBuiltins,
		...objectBuiltins,
		...patchBuiltins,
		...randBuiltins,
		...rangeBuiltins,
		...regexBuiltins,
		...regoBuiltins,
		...runtimeBuiltins,
		...schemaBuiltins,
		...semverBuiltins,
		...sprintfBuiltins,
		...stringBuiltins,
		...templateBuiltins,
		...timeBuiltins,
		...traceBuiltins,
		...unitBuiltins,
		...uriBuiltins,
		...urlqueryBuiltins,
		...uuidBuiltins,
		...x509Builtins,
		...yamlBuiltins,
	}),
);
