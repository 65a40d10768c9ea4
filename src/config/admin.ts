import type * as z from "zod";

import { listen } from "./values/listen.ts";
import { flag } from "./values/plain.ts";
import { section } from "./values/section.ts";

export const adminSection = section({
	listen: listen().prefault("127.0.0.1:11436").meta({
		description: "Address and port of the admin API, /metrics and health. Must be loopback unless insecure_remote is true.",
		risk: "Whoever reaches it with an admin credential makes keys. It has no TLS of its own.",
	}),
	socket: flag().prefault(true).meta({
		description:
			"Whether the admin API is also served on a Unix socket in the state directory, which the command line uses. Only the server's user can open it.",
	}),
	insecure_remote: flag().prefault(false).meta({
		description: "Permits an admin address that other machines can reach, such as 0.0.0.0 inside a container.",
		risk: "The admin API crosses the network in clear and can be attacked from it.",
	}),
}).transform((written) => ({ listen: written.listen, socket: written.socket, insecureRemote: written.insecure_remote }));

export type AdminConfig = Readonly<z.output<typeof adminSection>>;
