# METADATA
# title: Facts
# description: Missing or malformed facts deny.
package sluice.facts

import data.sluice.scope
import data.sluice.words

# METADATA
# description: The fields that each part of the facts must have, and their types.
shapes := {
	"facts": {
		"schema": {"string"}, "now": {"number"}, "settings": {"object"}, "pullRequest": {"object"}, "changes": {"array"},
		"declaration": {"object"}, "slos": {"array"}, "lanes": {"array"}, "freezes": {"array"}, "waivers": {"array"},
		"team": {"array"},
	},
	"settings": {"budget": {"object"}, "history": {"object"}, "risk": {"object"}, "exempt": {"object"}, "waiver": {"object"}},
	"settings.budget": {"block": {"number"}, "warn": {"number"}, "coverage": {"number"}, "requests": {"number"}},
	"settings.history": {"maxFailed": {"number"}, "windowMs": {"number"}},
	"settings.risk": {"maxServices": {"number"}},
	"settings.waiver": {"maxMs": {"number"}},
	"pullRequest": {
		"number": {"number"}, "headSha": {"string"}, "labels": {"array"}, "fork": {"boolean"}, "complete": {"boolean"},
		"files": {"number"}, "rulesTouched": {"array"},
	},
	"declaration": {"problems": {"array"}, "relaxed": {"array"}},
	"changes": {"service": {"string"}, "environment": {"string"}, "kind": {"string"}},
	"slos": {
		"service": {"string"}, "environment": {"string"}, "slo": {"string"}, "left": {"number", "null"},
		"requests": {"number", "null"}, "coverage": {"number", "null"}, "fast": {"number", "null"},
		"slow": {"number", "null"}, "thresholds": {"object"}, "error": {"object", "null"},
	},
	"lanes": {
		"service": {"string"}, "environment": {"string"}, "state": {"string"}, "rejected": {"array"},
		"stableBefore": {"array"}, "previous": {"string", "null"}, "failed": {"number"},
	},
	"freezes": {
		"id": {"string"}, "kind": {"string"}, "scope": {"object"}, "since": {"number"}, "until": {"number", "null"},
		"reason": {"string"}, "by": {"string"},
	},
	"waivers": {
		"id": {"string"}, "scope": {"object"}, "codes": {"array"}, "reason": {"string"}, "since": {"number"},
		"expiresAt": {"number"}, "approved": {"boolean"}, "boundTo": {"number", "null"},
	},
	"relaxed": {
		"path": {"string"}, "slo": {"string"}, "service": {"string"}, "environment": {"string"}, "what": {"string"},
		"from": {"string", "number", "boolean", "null"}, "to": {"string", "number", "boolean", "null"},
	},
	"to": {"version": {"string"}, "digest": {"string"}},
	"thresholds": {"fast": {"number"}, "slow": {"number", "null"}},
	"scope": {"environment": {"string"}, "service": {"string"}},
	"error": {"code": {"string"}, "message": {"string"}},
}

kinds := {"first", "release", "revert", "config", "removal", "declaration"}

# METADATA
# title: INPUT_MISSING
# description: A field that the decision needs is missing.
deny contains denial("INPUT_MISSING", path, concat("", ["the facts lack ", path])) if {
	some part in parts
	is_object(part.value)
	some name, _ in shapes[part.shape]
	not name in object.keys(part.value)
	path := concat("", [part.path, name])
}

# METADATA
# title: INPUT_INVALID
# description: A field has the wrong type.
deny contains denial("INPUT_INVALID", path, concat("", [path, " must be of type ", concat(" or ", sort(types))])) if {
	some part in parts
	some name, types in shapes[part.shape]
	not type_name(part.value[name]) in types
	path := concat("", [part.path, name])
}

# METADATA
# title: INPUT_INVALID
# description: A value that must be an object has another type.
deny contains denial("INPUT_INVALID", part.path, concat("", [part.path, " must be an object"])) if {
	some part in parts
	not is_object(part.value)
}

# METADATA
# title: INPUT_INVALID
# description: The facts have another schema version.
deny contains denial("INPUT_INVALID", "schema", concat("", ["unknown schema of the facts: ", input.schema])) if {
	is_string(input.schema)
	input.schema != "sluice.dev/gate-input/v1"
}

# METADATA
# title: INPUT_INVALID
# description: The kind of a change is unknown.
deny contains denial("INPUT_INVALID", "changes.kind", concat("", ["unknown kind of change: ", change.kind])) if {
	some change in input.changes
	is_string(change.kind)
	not change.kind in kinds
}

# METADATA
# description: Every object that is checked, with its path and the shape that it must have.
parts contains {"path": "", "shape": "facts", "value": input}

parts contains {"path": "settings.", "shape": "settings", "value": input.settings}

parts contains {"path": concat("", ["settings.", name, "."]), "shape": shape, "value": value} if {
	some name in {"budget", "history", "risk", "waiver"}
	value := input.settings[name]
	shape := concat("", ["settings.", name])
}

parts contains {"path": concat("", [name, "."]), "shape": name, "value": value} if {
	some name in {"pullRequest", "declaration"}
	value := input[name]
}

parts contains {"path": place(name, i), "shape": name, "value": item} if {
	some name in {"changes", "slos", "lanes", "freezes", "waivers"}
	some i, item in input[name]
}

parts contains {"path": concat("", [place(name, i), inner, "."]), "shape": inner, "value": value} if {
	some name, inner in {"freezes": "scope", "waivers": "scope", "slos": "thresholds"}
	some i, item in input[name]
	value := item[inner]
}

parts contains {"path": concat("", [place("slos", i), "error."]), "shape": "error", "value": item.error} if {
	some i, item in input.slos
	item.error != null
}

parts contains {"path": concat("", [place("changes", i), "to."]), "shape": "to", "value": object.get(item, "to", "nothing")} if {
	some i, item in input.changes
	item.kind in {"first", "release", "revert", "config"}
}

parts contains {"path": concat("", ["declaration.", place("relaxed", i)]), "shape": "relaxed", "value": item} if {
	some i, item in input.declaration.relaxed
}

place(name, i) := concat("", [name, "[", format_int(i, 10), "]."])

# METADATA
# title: SLO_MISSING
# description: The facts have no SLO for a lane that is changed.
deny contains {
	"code": "SLO_MISSING",
	"msg": concat("", ["there is no SLO for ", words.place(change)]),
	"service": change.service,
	"environment": change.environment,
	"evidence": {},
} if {
	some change in scope.risky
	scope.held_by_budget(change.environment)
	not looked_up(change)
}

lanes_with_slos := {scope.lane_of(slo) | some slo in input.slos}

looked_up(change) if lanes_with_slos[scope.lane_of(change)]

# METADATA
# title: LANE_MISSING
# description: The facts have no release history for a lane that is changed.
deny contains {
	"code": "LANE_MISSING",
	"msg": concat("", ["the release history of ", words.place(change), " is missing"]),
	"service": change.service,
	"environment": change.environment,
	"evidence": {},
} if {
	some change in input.changes
	change.kind != "declaration"
	not has_lane(change)
}

lanes_with_history := {scope.lane_of(lane) | some lane in input.lanes}

has_lane(change) if lanes_with_history[scope.lane_of(change)]

denial(code, path, msg) := {"code": code, "msg": msg, "evidence": {"path": path}}
