package sluice.fixture

now := 1790000000000

minute := 60000

slo := {
	"service": "checkout", "environment": "prod", "slo": "checkout-availability", "objective": 0.999,
	"left": 0.8, "requests": 100000, "bad": 20, "coverage": 1, "fast": 0.2, "slow": 0.2,
	"thresholds": {"fast": 14, "slow": 3}, "query": "q", "at": now, "error": null,
}

lane := {
	"service": "checkout", "environment": "prod", "state": "Stable", "rejected": [], "stableBefore": [],
	"previous": null, "failed": 0,
}

change := {
	"service": "checkout", "environment": "prod", "kind": "release",
	"from": {"version": "1.0.0", "digest": "sha256:a"}, "to": {"version": "1.1.0", "digest": "sha256:b"},
}

freeze := {
	"id": "f1", "kind": "manual", "scope": {"environment": "prod", "service": "*"}, "since": now - minute,
	"until": now + (10 * minute), "reason": "quarter end", "by": "ops",
}

waiver := {
	"id": "w1", "scope": {"environment": "prod", "service": "checkout"}, "codes": [], "reason": "vendor fix",
	"since": now - minute, "expiresAt": now + (60 * minute), "approved": true, "boundTo": null,
}

facts := {
	"schema": "sluice.dev/gate-input/v1",
	"now": now,
	"settings": {
		"budget": {"block": 0, "warn": 0.1, "coverage": 0.1, "requests": 1000},
		"history": {"maxFailed": 2, "windowMs": 86400000},
		"risk": {"maxServices": 2},
		"exempt": {"emergency": ["emergency"], "security": ["security"]},
		"waiver": {"maxMs": 86400000},
	},
	"pullRequest": {
		"number": 7, "headSha": "abc", "labels": [], "fork": false, "complete": true, "files": 1, "rulesTouched": [],
	},
	"changes": [change],
	"declaration": {"problems": [], "relaxed": []},
	"slos": [slo],
	"lanes": [lane],
	"freezes": [],
	"waivers": [],
	"team": [],
}

# METADATA
# description: The facts with one SLO, lane or change that differs.
with_slo(more) := object.union(facts, {"slos": [object.union(slo, more)]})

with_lane(more) := object.union(facts, {"lanes": [object.union(lane, more)]})

with_change(more) := object.union(facts, {"changes": [object.union(change, more)]})

with_label(f, label) := object.union(f, {"pullRequest": {"labels": [label]}})

with_waiver(f, more) := object.union(f, {"waivers": [object.union(waiver, more)]})

codes(denials) := {d.code | some d in denials}
