# METADATA
# title: Release history
# description: Rejected artefacts stay rejected, and the order of environments is kept.
package sluice.history

import data.sluice.scope
import data.sluice.words

# METADATA
# title: REJECTED_DIGEST
# description: This exact artefact was rejected, here or in an earlier environment.
deny contains {
	"code": "REJECTED_DIGEST",
	"msg": concat("", [
		change.service, " ", change.to.version, " was rejected in ", rejected.environment,
		" (", rejected.release, ": ", rejected.reason, ")",
	]),
	"service": change.service,
	"environment": change.environment,
	"evidence": {"digest": change.to.digest, "release": rejected.release, "reason": rejected.reason},
} if {
	some [change, lane] in changed_lanes
	some rejected in lane.rejected
	rejected.digest == change.to.digest
}

# METADATA
# title: NOT_STABLE_BEFORE
# description: The artefact has not been stable in the previous environment.
deny contains {
	"code": "NOT_STABLE_BEFORE",
	"msg": concat("", [
		change.service, " ", change.to.version, " was never stable in ", lane.previous,
		", the environment before ", change.environment,
	]),
	"service": change.service,
	"environment": change.environment,
	"evidence": {"digest": change.to.digest, "before": lane.previous},
} if {
	some [change, lane] in changed_lanes
	change.kind in {"first", "release", "config"}
	lane.previous != null
	not change.to.digest in lane.stableBefore
}

# METADATA
# title: TOO_MANY_FAILED
# description: Too many releases of this lane failed recently; a person must check first.
deny contains {
	"code": "TOO_MANY_FAILED",
	"msg": concat("", [
		words.whole(lane.failed), " releases of ", words.place(change), " failed in the last ",
		words.span(input.settings.history.windowMs), "; ", words.whole(input.settings.history.maxFailed), " are allowed",
	]),
	"service": change.service,
	"environment": change.environment,
	"evidence": {"failed": lane.failed, "allowed": input.settings.history.maxFailed},
} if {
	some [change, lane] in changed_lanes
	scope.risky[change]
	lane.failed > input.settings.history.maxFailed
}

# METADATA
# title: RELEASE_UNDER_WAY
# description: Another release is in progress and would be superseded.
warn contains {
	"code": "RELEASE_UNDER_WAY",
	"msg": concat("", [words.place(change), " has a release in progress, which this change would supersede"]),
	"evidence": {"state": lane.state},
} if {
	some [change, lane] in changed_lanes
	scope.risky[change]
	lane.state in {"Deploying", "Canary", "Evaluating", "Promote"}
}

# METADATA
# title: HISTORY_UNKNOWN
# description: No ledger was available, so past releases are unknown.
warn contains {
	"code": "HISTORY_UNKNOWN",
	"msg": concat("", ["no ledger is available, so past releases are unknown: ", words.place(change)]),
	"evidence": {},
} if {
	some [change, lane] in changed_lanes
	lane.state == "unknown"
}

# METADATA
# description: Two histories of one lane that differ leave the policy undefined, which denies.
histories := {scope.lane_of(lane): lane | some lane in input.lanes}

changed_lanes contains [change, lane] if {
	some change in input.changes
	lane := histories[scope.lane_of(change)]
}
