#include "core/base/diagnostic_codes.h"

#include <algorithm>

namespace autopilot {
namespace {

constexpr DiagnosticCode kCodes[] = {
    {"actor-without-role",
     "An Access document says how an actor is known, but gives that actor no role, and everybody "
     "else none either",
     "Name the actor under roles, or remove the identity"},
    {"always-fails",
     "A condition fails for every input that the declared shapes allow, such as a whole number "
     "added to a number of the input",
     "Write 1.0 beside numbers of the input, which are doubles; the failure blocks the action, or "
     "with on_error: skip leaves the rule out"},
    {"always-false",
     "A condition can never be true, whatever input the declared shapes allow; it may still fail, "
     "as when a metric is missing",
     "Compare it with other values, or remove the rule"},
    {"always-true",
     "A condition is true for every input that the declared shapes allow, unless it fails",
     "Compare it with other values, or remove the condition"},
    {"arms-alike",
     "A metric of a Deployment is asked for in the same words for canary and stable, and is to "
     "decide between them",
     "Name the arm in what is asked: {{version}}, {{slot}}, {{port}} or {{arm}}; a log needs "
     "where, "
     "a proxy its server"},
    {"bad-action",
     "A line given to decide is no action: not JSON, without a type, or with a field of the wrong "
     "type",
     "Write one JSON object a line, an action or {\"action\": ..., \"context\": ...}; see "
     "docs/decisions.md"},
    {"bad-alias", "An alias (*name) stands inside the very value that it names",
     "Write the value out where it is needed"},
    {"bad-arm",
     "A row given to optimize traffic or optimize simulate does not say what an arm has earned: no "
     "arm, no number, or numbers that cannot be",
     "Write trials and sum, or one reward a row; autopilot help optimize traffic shows some"},
    {"bad-case", "A line of `autopilot eval --batch` is no JSON object with an expression",
     "Write one object a line, with at least \"expr\"; the other lines have been evaluated"},
    {"bad-character",
     "The text holds a NUL byte or another control character, which YAML does not allow",
     "Remove it, or write it as an escape such as \\x07 in double quotes"},
    {"bad-cron", "A cron expression cannot be read",
     "Write five fields, minute hour day month weekday, each *, a value, a range or a list, with "
     "/n after * or a range; or @hourly, @daily, @weekly, @monthly, @yearly"},
    {"bad-encoding", "A file is not UTF-8", "Save it as UTF-8; a byte order mark is fine"},
    {"bad-expression",
     "A CEL expression cannot be parsed, names something that does not exist, or gives the wrong "
     "type",
     "The caret shows the part in question; names are action, metrics, segment, features, actor, "
     "now, run, and risk in guards and limits; inside, outside and policy in a rollback; the facts "
     "of docs/approvals.md in approvals"},
    {"bad-fingerprint", "A key of an Access document is not the fingerprint of an SSH key",
     "Write what `ssh-keygen -l -f KEY.pub` prints: SHA256: and 43 characters"},
    {"bad-id", "An id does not have the form of ids, or two places that must agree on it differ",
     "Use lower-case letters, digits, dots, dashes and underscores, starting with a letter or "
     "digit, at most 63"},
    {"bad-key", "A key of a map is missing, longer than 1024 characters, or a list or map itself",
     "Keys are short words; put quotes around a value that contains a colon and a space, or starts "
     "with { or ["},
    {"bad-path", "One side of a gate of an RCPPolicy is neither a path nor a number",
     "Write a path such as metrics.cvr_1h, segment_data.geo or action.data.weight"},
    {"bad-sample",
     "A line given to deploy judge is no sample of a metric: not JSON, or with numbers that cannot "
     "be",
     "Write one JSON object a line, with arm and either bad and total or a value; autopilot help "
     "deploy judge shows some"},
    {"bad-scenario", "A scenario of backtest counterfactual that cannot be asked",
     "Write a map with a name, a target and, there or above, logs; autopilot help backtest "
     "counterfactual shows some"},
    {"bad-secret",
     "A reference to a secret, ${env:NAME}, ${file:PATH} or ${exec:PROGRAM ARGUMENTS}, is not well "
     "formed",
     "Correct it as the help says; $${ stands for ${ as text"},
    {"bad-tag", "A YAML tag (!word) that means nothing here",
     "Put quotes around a text that starts with an exclamation mark"},
    {"bad-timezone", "The name is no IANA time zone", "Write a name such as Europe/Paris, or UTC"},
    {"bad-weights",
     "A file of weights given to backtest has an action without a weight from 0 on, an action "
     "twice, "
     "or no header",
     "Write a map of actions to weights, or CSV with a header: action and weight; or action, "
     "position "
     "and weight"},
    {"blocking-limit",
     "A limit whose max is less than one action uses up, so that it blocks every action that it "
     "concerns",
     "Raise max; a guard that denies says it more plainly, if it is meant"},
    {"conflicting-bounds",
     "Two policies keep one field within bounds that exclude each other, so every action that both "
     "concern is blocked with a conflict",
     "Make the bounds overlap, or keep one policy away from these actions by scope, gates, for or "
     "when"},
    {"conflicting-fields",
     "Two fields exclude each other, or a field has no meaning without another",
     "Remove one, or split the rule in two"},
    {"contradictory-gates",
     "Gates of a policy, with its scope, can never all hold, so the policy can never apply",
     "Widen a gate, or split the policy in two"},
    {"duplicate-actor", "An actor is given two roles",
     "Keep the highest: a role includes the lower ones"},
    {"duplicate-document", "Two documents of one kind have the same id",
     "Rename one of them, or remove it"},
    {"duplicate-identity",
     "Two actors of an Access document are known by the same thing, or one is by it twice",
     "Give each identity to one actor; a variable can be told apart by the user beside it"},
    {"duplicate-key", "A key appears twice in one map",
     "Remove or rename one of them; a forgotten --- between two documents looks like this too"},
    {"duplicate-name", "Two rules of one policy, or two cases of one test, have the same name",
     "Rename one of them: reasons, diffs and what-if paths tell them apart by name"},
    {"evaluation-failed", "An expression was right, but failed with these values",
     "The caret shows the part that failed; has() tells whether a field is there"},
    {"expired-policy", "The time in expires is past, so the policy does nothing",
     "Remove the policy, or write a later time"},
    {"lint-undecided",
     "With --lint-undecided or -v: lint could not decide whether something is wrong here, and says "
     "why",
     "Nothing needs to be done; simpler conditions can be decided"},
    {"merge-key", "Merge keys (<<) belong to YAML 1.1 and are not read",
     "Write the fields out, or use an alias for a whole value"},
    {"missing-field", "A field that is needed is not there",
     "Add it; `autopilot schema KIND` lists the fields of a kind"},
    {"never-active", "The schedule in active.cron matches no day of any year, such as 30 February",
     "Correct the day or the month"},
    {"never-holds", "The condition of a rollback can never hold",
     "It names units outside of a rollout of 100%: roll out to less, or judge by inside and "
     "policy"},
    {"no-documents", "Not a single document was found",
     "Name the right files or folders; --allow-empty accepts it"},
    {"no-rules",
     "A policy without mutations, guards and limits does nothing, and a Deployment that measures "
     "nothing, or whose steps ask for none of its analyses, lets every version through",
     "Add a rule or metrics, or remove the document"},
    {"number-range", "A number is infinite, not a number, or too large for a double",
     "Write a finite number, or put quotes around a text"},
    {"odd-name", "One policy alone reads a name, and several others read one that is much like it",
     "Correct the name, or declare the names in autopilot.yaml, which makes misspelt ones errors"},
    {"plain-secret",
     "A field that is called after a secret, such as password, token or api_key, has it written "
     "out",
     "Write ${env:NAME}, ${file:PATH} or ${exec:PROGRAM ARGUMENTS} instead, and change the secret: "
     "git remembers the old one"},
    {"redundant-gate", "A gate holds whenever another gate of the policy does",
     "Remove it, or make it narrower than the other one"},
    {"repeated-arm",
     "Two rows given to optimize traffic are sums of the same arm, and nothing else in them tells "
     "them apart; they are added up",
     "Remove one if it is there by mistake; a column that differs, such as a time or a source, "
     "says "
     "that they are parts"},
    {"shadowed-rule",
     "A rule adds nothing to another one of the same effect: the other guard does it whenever this "
     "one does, or the other bound is narrower. The other one has the same or wider action types, "
     "scope and conditions, and at least the authority",
     "Remove the rule, or make its condition wider than the other one's"},
    {"shared-column",
     "events.columns of an Algorithm gives one column two meanings, such as arm and reward; names "
     "that are not given are arm, reward and time",
     "Name another column for one of them"},
    {"short-memory",
     "An Algorithm forgets plays (optimizer.window) before they count (events.attribution), so it "
     "never learns anything",
     "Make the window longer, or the wait shorter"},
    {"starving-arms",
     "The method of an Algorithm is deterministic and no floor is set: some arms get no traffic "
     "between steps, and a backtest of their logs cannot tell what these would have earned",
     "Set optimizer.floor, or a floor for each arm"},
    {"too-deep", "Maps and lists are nested deeper than 64 levels", "Flatten the document"},
    {"too-large",
     "A document of more than 1 MiB, or more than a million values in one run, aliases expanded",
     "Split it; bulk data belongs into CSV or JSONL files"},
    {"unclosed-quote", "A quote opens and never closes",
     "Close it; write '' for a quote inside single quotes and \\\" inside double quotes"},
    {"unjoined-rewards",
     "events.columns.id joins rewards on lines of their own with plays, but events.attribution is "
     "0: every play counts before its reward comes",
     "Say how long rewards take in events.attribution, or leave id out when each line has both"},
    {"unknown-action-type",
     "A rule is for an action type that is neither built in nor declared, so it never applies",
     "Correct the name, or declare it under action_types in autopilot.yaml"},
    {"unknown-field", "A field that the kind does not have",
     "Correct the name; `autopilot schema KIND` lists the fields of a kind"},
    {"unknown-kind", "A kind of document that does not exist",
     "Correct the name; `autopilot schema` lists the kinds"},
    {"unknown-name", "A field of action.data that autopilot.yaml does not declare",
     "Correct the name, or declare it under data in autopilot.yaml"},
    {"unknown-policy", "A PolicyTest names a policy that is not among those on trial",
     "Correct the id; tests run against the policies in the files, not those of the state"},
    {"unknown-rule", "A PolicyTest names a rule or limit that the policy does not have",
     "Correct the name; rules without one are called by their place, such as guards[0]"},
    {"unmatched-selector",
     "None of the newest recorded inputs that have a segment matches the selector of the policy. "
     "At least 100 are needed, and the newest 2000 decisions are looked at",
     "Correct the attribute or its values; the help names what was there"},
    {"unreachable-limit",
     "A limit can never be reached, because another one of the same key stops first or because no "
     "action uses up anything",
     "Lower max, or remove the limit"},
    {"unreachable-rule",
     "A rule can never fire: its condition contradicts its when, its for, or the gates and the "
     "scope of its policy",
     "Widen one of them, or remove the rule; until then it can only block by failing"},
    {"unreadable", "A file or folder cannot be read",
     "Check that it exists and that you may read it"},
    {"unseen-name",
     "None of the newest recorded inputs has a name that a policy reads, and they have one that is "
     "much like it. At least 100 are needed, and the newest 2000 decisions are looked at",
     "Correct the name, or declare the names in autopilot.yaml, which makes misspelt ones errors"},
    {"unused-setting",
     "A setting of an optimizer that its method does not know, such as width for thompson",
     "Remove it, or choose a method that knows it"},
    {"useless-silence", "An entry of metadata.silence silences nothing",
     "Remove the entry: what it was about is no more"},
    {"wrong-type", "A value of another type than the field needs",
     "The message says what is expected, with an example"},
    {"wrong-value", "A value of the right type that is not among those allowed",
     "The message says which values are"},
    {"wrong-version", "The apiVersion does not belong to the kind",
     "Policies and all else have autopilot/v1; RCPPolicy has smartlinks/v1"},
    {"yaml-syntax", "The text is not YAML",
     "The caret shows where reading stopped; the cause is often on the line before"},
};

}  // namespace

std::span<const DiagnosticCode> diagnostic_codes() { return kCodes; }

const DiagnosticCode* find_diagnostic_code(std::string_view code) {
  const auto at = std::lower_bound(
      std::begin(kCodes), std::end(kCodes), code,
      [](const DiagnosticCode& known, std::string_view c) { return known.code < c; });
  return at != std::end(kCodes) && at->code == code ? at : nullptr;
}

}  // namespace autopilot
