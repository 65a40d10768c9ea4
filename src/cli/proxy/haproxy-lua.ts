/** The Lua action with which HAProxy asks. It decides nothing: what is not a plain 200 from Rempart is handed to the caller, or is 503. */
import { headComment } from "./head-comment.ts";
import type { ProxyPlan } from "./plan.ts";

export function haproxyLua(plan: ProxyPlan): string {
	const head = headComment(
		{ ...plan, command: `${plan.command} --lua` },
		{ title: "HAProxy", group: "haproxy", readsAsRoot: true, place: ["Goes to /etc/haproxy/rempart.lua."], showsBody: true },
	);
	const dst = plan.ask.socket === null ? "" : `\n\t\tdst = "unix@${plan.ask.socket}",`;
	const host = plan.ask.socket === null ? plan.ask.authority : "rempart";
	return `${head.replaceAll(/^#/gm, "--")}
-- Fields of the caller that Rempart decides by. None of them is made here.
local PASSED = {
	"authorization", "x-api-key", "api-key", "origin", "user-agent", "content-type", "content-encoding",
}
-- Fields of a permit that say who the request is for, and of a refusal that the caller gets.
local GRANTED = { "remote-user", "x-auth-request-user", "x-rempart-principal" }
local TOLD = { "content-type", "www-authenticate", "x-request-id", "retry-after", "allow" }

local function values(list)
	local copy = {}
	for at = 0, #list do copy[#copy + 1] = list[at] end
	return copy
end

-- The whole body, or nil where HAProxy does not hold it whole.
local function whole_body(txn, fields)
	local length = fields["content-length"]
	if length == nil or length[1] ~= nil or not string.match(length[0], "^%d+$") then return nil end
	local body = txn.f:req_body()
	if body == nil or #body == 0 or #body ~= tonumber(length[0]) then return nil end
	return body
end

local function ask(txn)
	local fields = txn.http:req_get_headers()
	local question = {
		["x-forwarded-method"] = { txn.f:method() },
		["x-forwarded-uri"] = { txn.f:url() },
		["x-forwarded-for"] = { txn.f:src() },
		["x-forwarded-proto"] = { txn.f:ssl_fc() == 1 and "https" or "http" },
	}
	if fields["host"] ~= nil then question["x-forwarded-host"] = values(fields["host"]) end
	for _, name in ipairs(PASSED) do
		if fields[name] ~= nil then question[name] = values(fields[name]) end
	end
	local request = {
		url = "http://${host}/auth/haproxy",${dst}
		headers = question,
		body = whole_body(txn, fields),
		timeout = 10000,
	}
	local client = core.httpclient()
	if request.body ~= nil then return client:post(request) end
	return client:get(request)
end

core.register_action("rempart", { "http-req" }, function(txn)
	local done, answer = pcall(ask, txn)
	if not done or answer == nil or answer.status == nil or answer.headers == nil then
		core.log(core.err, "rempart: no answer: " .. tostring(answer))
		return
	end
	if answer.status == 200 and answer.headers["x-rempart-principal"] ~= nil then
		for _, name in ipairs(GRANTED) do
			local value = answer.headers[name]
			if value ~= nil then txn.http:req_set_header(name, value[0]) end
		end
		txn:set_var("txn.rempart_permit", "yes")
		return
	end
	-- A refusal goes to the caller in Rempart's own words; what is neither is left to the deny that follows.
	if answer.status < 400 or answer.status > 599 then return end
	local reply = txn:reply()
	reply:set_status(answer.status)
	for _, name in ipairs(TOLD) do
		if answer.headers[name] ~= nil then
			for _, value in ipairs(values(answer.headers[name])) do reply:add_header(name, value) end
		end
	end
	reply:set_body(answer.body or "")
	txn:done(reply)
end)
`;
}
