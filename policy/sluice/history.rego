# METADATA
# title: Release history
# description: What failed is not tried again, and nothing overtakes the order of environments.
package sluice.history

import data.sluice.scope
import data.sluice.words

# METADATA
# title: REJECTED_DIGEST
# description: This exact artefact was condemned, here or in an environment before.
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
# description: It has not been stable in the environment before this one.
deny contains {
	"code": "NOT_STABLE_BEFORE",
	"msg": concat("", [
		change.service, " ", change.to.version, " was never stable in ", lane.previous,
		", which comes before ", change.environment,
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
# description: So many releases of this lane failed lately that a person has to look first.
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
	change in scope.risky
	lane.failed > input.settings.history.maxFailed
}

# METADATA
# title: RELEASE_UNDER_WAY
# description: Another release would be superseded; said, and not refused.
warn contains {
	"code": "RELEASE_UNDER_WAY",
	"msg": concat("", [words.place(change), " has a release under way, which this one would replace"]),
	"evidence": {"state": lane.state},
} if {
	some [change, lane] in changed_lanes
	change in scope.risky
	lane.state in {"Deploying", "Canary", "Evaluating", "Promote"}
}

# METADATA
# title: HISTORY_UNKNOWN
# description: No ledger was at hand, so nothing is known of what failed before.
warn contains {
	"code": "HISTORY_UNKNOWN",
	"msg": concat("", ["no ledger was at hand: nothing is known of past releases of ", words.place(change)]),
	"evidence": {},
} if {
	some [change, lane] in changed_lanes
	lane.state == "unknown"
}

changed_lanes contains [change, lane] if {
	some change in input.changes
	some lane in input.lanes
	lane.service == change.service
	lane.environment == change.environment
}
