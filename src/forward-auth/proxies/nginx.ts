/**
 * nginx, `auth_request`: a subrequest of method GET without a body.
 *
 *  - 2xx permits; 401 and 403 refuse with that status; anything else becomes 500 for the caller, so every other refusal is told as 403 and a fault as
 *    503. The printed configuration makes the statuses of `x-rempart-status` of it again.
 *  - The answer's body is dropped, its fields can be read with `auth_request_set`.
 */
import { type AskingProxy, toldIn } from "../asking-proxy.ts";

export const nginx: AskingProxy = {
	name: "nginx",
	asksAt: (path) => path === "/auth/nginx",
	told: (question) => toldIn(question, "x-original-method", "x-original-uri"),
	// A body that came along would not be the one that nginx forwards.
	showsBody: () => false,
	refusalStatus: (status) => (status === 401 ? 401 : status >= 500 ? 503 : 403),
	dropsBody: true,
};
