import type * as z from "zod";

import { signInSection } from "./sign-in.ts";
import { listen } from "./values/listen.ts";
import { flag } from "./values/plain.ts";
import { section } from "./values/section.ts";

export const adminSection = section({
	listen: listen().prefault("127.0.0.1:11436").meta({
		description:
			"Address and port of /metrics and health, and of the admin API for people who sign in. Must be loopback unless insecure_remote is true.",
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
	sign_in: signInSection.prefault({}).meta({
		description: "People who sign in at an OpenID provider and administer by browser and from other machines. Off by default.",
	}),
}).transform(({ listen, socket, insecure_remote, sign_in }) => ({ listen, socket, insecureRemote: insecure_remote, signIn: sign_in }));

export type AdminConfig = Readonly<z.output<typeof adminSection>>;
