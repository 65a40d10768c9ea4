/** One event on one line, for eyes: time, number, type, and the few things that tell this one from others. Everything is in `--json`. */
import { isKeyId } from "../keys/key-format.ts";
import type { Event, RequestEnded, RequestStarted } from "../model/event.ts";
import type { RecordedEvent } from "../ports/event-log.ts";
import { assertNever } from "../std/assert-never.ts";
import { shownMoment } from "./lifetime.ts";
import { printable, type Style, type Terminal } from "./terminal.ts";

export function eventLine({ seq, event }: RecordedEvent, terminal: Pick<Terminal, "paint">): string {
	const said = printable(
		about(event)
			.filter((part) => part !== null && part !== "")
			.join("  "),
	);
	const style = styleOf(event);
	const type = event.type.padEnd(18);
	return `${terminal.paint("dim", shownMoment(event.at))}  ${String(seq).padStart(6)}  ${style === null ? type : terminal.paint(style, type)}  ${said}`;
}

type Parts = readonly (string | null)[];

function about(event: Event): Parts {
	switch (event.type) {
		case "request-started":
			return started(event);
		case "request-ended":
			return ended(event);
		case "refusals-summarised":
			return [`${event.count} refusals not recorded one by one`, event.reason];
		case "key-created":
		case "key-rotated":
		case "key-revoked":
			return [`key ${event.key} (${event.name})`, `role ${event.role}`, `by ${event.by}`];
		case "principal-added":
		case "principal-removed":
			return [`${event.principal} (${event.name})`, `role ${event.role}`, `${event.credential} ${event.fingerprint}`, `by ${event.by}`];
		case "budget-reset":
			return [event.budget, event.subject === null ? "for all" : event.subject === "" ? null : `for ${event.subject}`, `by ${event.by}`];
		case "guessing-noticed":
			return [`${event.wrong} wrong passwords`, event.scope, event.network, event.principal];
		case "principal-unfamiliar":
			return [`${event.principal} (${event.name})`, `${event.what} ${event.seen}`, `usually ${event.usual}`, event.request];
		case "anomaly-volume":
			return [named(event), `${event.seen} tokens this hour`, `usually ${event.usual}`, event.request];
		case "anomaly-model":
		case "anomaly-hour":
			return [named(event), event.seen, `usually ${event.usual}`, event.request];
		case "person-signed-in":
		case "person-signed-out":
			return [`${event.person} (${event.name})`, `role ${event.role}`, `by ${event.way}`, `session ${event.session}`, event.detail];
		case "sign-in-refused":
			return [event.problem, event.detail, event.unrecorded === 0 ? null : `${event.unrecorded} more were not recorded`];
		case "administration-refused":
			return [event.what, `by ${event.by}`, `role ${event.role}`, event.detail];
		case "passwords-loaded":
		case "passwords-rejected":
			return [event.detail];
		case "identity-provider-up":
		case "identity-provider-down":
			return [event.issuer, event.detail];
		case "server-started":
			return [
				`version ${event.version}`,
				event.gateway,
				`before ${event.upstreams.join(", ")}`,
				event.demonstration ? "DEMONSTRATION" : null,
			];
		case "server-stopped":
			return [`drained in ${event.drainedMs} ms`, `${event.cut} cut`];
		case "config-reloaded":
		case "config-rejected":
			return [event.detail, `by ${event.by}`];
		case "certificate-reloaded":
		case "certificate-rejected":
			return [event.detail];
		case "upstream-up":
		case "upstream-down":
			return [event.upstream, event.detail];
		case "runner-wedged":
		case "runner-healed":
		case "runner-heal-failed":
			return [event.model, event.upstream, `${event.waiting} waiting`, event.detail];
		case "events-pruned":
			return [`events up to ${event.throughSeq}`, `until ${shownMoment(event.throughAt)}`, `checkpoint ${event.checkpoint}`];
		case "fault-raised":
			return [event.fault, event.detail];
		case "log-recovered":
			return [`${event.lost} events were lost`];
		default:
			return assertNever(event);
	}
}

function started(event: RequestStarted): Parts {
	return [
		`${event.decision}${event.reason === null ? "" : ` ${event.reason}`}${event.fault === null ? "" : ` ${event.fault}`}`,
		`${event.method} ${event.path}`,
		event.model,
		event.principal === null ? "a stranger" : whoIs(event.principal, event.principalName),
		`from ${event.peer}`,
		event.detail,
		event.request,
	];
}

/** A principal of a directory or of a file is named by its id. */
function named({ principal, name }: { readonly principal: string; readonly name: string }): string {
	return name === "" ? principal : `${principal} (${name})`;
}

/** The ids of other kinds say by themselves what they are. */
function whoIs(id: string, name: string | null): string {
	return `${isKeyId(id) ? "key " : ""}${id} (${name ?? ""})`;
}

function ended(event: RequestEnded): Parts {
	const { usage } = event;
	return [
		`${event.outcome} ${event.status}`,
		event.operation,
		event.model,
		`${Math.round(event.durationMs)} ms`,
		usage === null ? null : `${usage.promptTokens}+${usage.outputTokens} tokens`,
		event.reason ?? event.fault,
		event.detail,
		event.request,
	];
}

function styleOf(event: Event): Style | null {
	if (event.type === "request-started") return event.decision === "permit" ? null : "yellow";
	if (event.type === "request-ended") return event.outcome === "fault" ? "red" : null;
	return /rejected|down|wedged|failed|raised/.test(event.type) ? "red" : "bold";
}
