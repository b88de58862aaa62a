# METADATA
# title: Waiver
# description: A waiver has a reason, an end and an author with the scope waive. Everything that it overrides is recorded.
package sluice.waiver

import data.sluice.scope

# METADATA
# description: Codes that no waiver overrides, since the effect would be unknown.
integrity := {
	"INPUT_MISSING", "INPUT_INVALID", "SLO_MISSING", "LANE_MISSING", "FILES_INCOMPLETE", "DECLARATION_INVALID",
	"REJECTED_DIGEST", "POLICY_UNDEFINED", "POLICY_UNREACHABLE", "POLICY_DIGEST", "TEAM_POLICY_UNDEFINED",
	"FORGE_UNAVAILABLE",
}

# METADATA
# description: Waivers that are valid now for this pull request.
valid contains waiver if {
	some waiver in input.waivers
	waiver.approved == true
	trim_space(waiver.reason) != ""
	input.now >= waiver.since
	input.now < waiver.expiresAt
	waiver.expiresAt - waiver.since <= input.settings.waiver.maxMs
	mine(waiver)
}

mine(waiver) if waiver.boundTo == null

mine(waiver) if waiver.boundTo == input.pullRequest.number

# METADATA
# description: Ids of the waivers that override a denial.
letting(denial) := {waiver.id |
	not denial.code in integrity
	some waiver in valid
	scope.covers(waiver.scope, object.get(denial, "environment", "*"), object.get(denial, "service", "*"))
	matches(waiver, denial)
}

matches(waiver, _) if count(waiver.codes) == 0

matches(waiver, denial) if denial.code in waiver.codes

# METADATA
# title: WAIVER_EXPIRED, WAIVER_PENDING
# description: A waiver for this pull request is not valid, with the reason.
warn contains {
	"code": "WAIVER_EXPIRED",
	"msg": concat("", ["waiver ", waiver.id, " has expired"]),
	"evidence": {"waiver": waiver.id, "expiresAt": waiver.expiresAt},
} if {
	some waiver in input.waivers
	input.now >= waiver.expiresAt
}

warn contains {
	"code": "WAIVER_PENDING",
	"msg": concat("", ["waiver ", waiver.id, " waits for a second person"]),
	"evidence": {"waiver": waiver.id},
} if {
	some waiver in input.waivers
	waiver.approved == false
}
