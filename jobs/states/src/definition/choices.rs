//! Reading the rules of a Choice state.

use std::sync::Arc;

use super::assign::read_assign;
use super::fields::{Object, wrong_kind};
use super::findings::Findings;
use super::position::{Json, Node};
use super::state::{Choice, ChoiceRule, Condition, Language};
use crate::choice::{Against, COMPARISONS, Kind, NATURES, Pattern, Rule, Test};
use crate::time::Timestamp;

pub(super) fn read_choice(state: &Object<'_>, findings: &mut Findings<'_>) -> Option<Choice> {
    let default = state.string("Default", findings).map(Arc::from);
    state.require(&["Choices"], findings);
    let choices = state.array("Choices", findings)?;
    if choices.is_empty() {
        let offset = state.get("Choices")?.offset;
        findings.schema(
            &state.at("Choices"),
            offset,
            "There must be at least one choice",
        );
    }
    let mut rules = Vec::with_capacity(choices.len());
    for object in state.objects("Choices", findings) {
        object.require(&["Next"], findings);
        let next = object.string("Next", findings);
        let condition = match object.language {
            Language::JsonPath => rule(&object, true, findings).map(Condition::Rule),
            Language::Jsonata => condition(&object, findings),
        };
        let assign = read_assign(&object, findings);
        let output = match object.language {
            Language::JsonPath => None,
            Language::Jsonata => object.template("Output", findings),
        };
        if let (Some(next), Some(condition)) = (next, condition) {
            rules.push(ChoiceRule {
                condition,
                next: next.into(),
                assign,
                output,
            });
        }
    }
    Some(Choice { rules, default })
}

/// `Condition`, in `JSONata`.
fn condition(object: &Object<'_>, findings: &mut Findings<'_>) -> Option<Condition> {
    object.only(
        &["Condition", "Next", "Assign", "Output", "Comment"],
        findings,
    );
    object.require(&["Condition"], findings);
    if object.is_query("Condition") {
        return object.query("Condition", findings).map(Condition::Query);
    }
    object.boolean("Condition", findings).map(Condition::Fixed)
}

/// One rule; only the outermost carries `Next`.
fn rule(object: &Object<'_>, outermost: bool, findings: &mut Findings<'_>) -> Option<Rule> {
    object.string("Comment", findings);
    let own: Vec<&str> = object
        .members()
        .iter()
        .map(|member| member.key.as_str())
        .filter(|key| {
            !(matches!(*key, "Comment" | "Variable")
                || outermost && matches!(*key, "Next" | "Assign"))
        })
        .collect();
    let mut common = vec!["Comment"];
    if outermost {
        common.extend(["Next", "Assign"]);
    }
    let operators: Vec<&str> = own.iter().copied().filter(|key| is_operator(key)).collect();
    let &[operator] = operators.as_slice() else {
        common.extend(&operators);
        common.push("Variable");
        object.only(&common, findings);
        let message = if operators.is_empty() {
            "There must be a comparison, 'And', 'Or' or 'Not'".to_owned()
        } else {
            format!(
                "There should only be one of the following fields: [{}]",
                operators.join(", ")
            )
        };
        findings.schema(&object.location, object.offset, message);
        return None;
    };
    common.push(operator);
    match operator {
        "And" | "Or" => {
            object.only(&common, findings);
            let rules = nested(object, operator, findings)?;
            Some(if operator == "And" {
                Rule::And(rules)
            } else {
                Rule::Or(rules)
            })
        }
        "Not" => {
            object.only(&common, findings);
            let inner = Object::read(object.get("Not")?, object.at("Not"), findings)?;
            Some(Rule::Not(Box::new(rule(&inner, false, findings)?)))
        }
        operator => {
            common.push("Variable");
            object.only(&common, findings);
            object.require(&["Variable"], findings);
            let variable = object.path("Variable", true, findings);
            let test = test(object, operator, findings);
            Some(Rule::Test(variable?, test?))
        }
    }
}

fn nested(object: &Object<'_>, key: &str, findings: &mut Findings<'_>) -> Option<Vec<Rule>> {
    let items: &[Node] = object.array(key, findings)?;
    if items.is_empty() {
        findings.schema(
            &object.at(key),
            object.get(key)?.offset,
            "There must be at least one rule",
        );
    }
    let mut rules = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let location = format!("{}[{index}]", object.at(key));
        if let Some(inner) = Object::read(item, location, findings) {
            rules.extend(rule(&inner, false, findings));
        }
    }
    Some(rules)
}

fn is_operator(key: &str) -> bool {
    let compared = key.strip_suffix("Path").unwrap_or(key);
    matches!(key, "And" | "Or" | "Not" | "StringMatches")
        || COMPARISONS.iter().any(|(name, ..)| *name == compared)
        || NATURES.iter().any(|(name, _)| *name == key)
}

fn test(object: &Object<'_>, operator: &str, findings: &mut Findings<'_>) -> Option<Test> {
    if operator == "StringMatches" {
        return object
            .string(operator, findings)
            .map(|text| Test::Matches(Pattern::parse(text)));
    }
    if let Some((_, nature)) = NATURES.iter().find(|(name, _)| *name == operator) {
        return object
            .boolean(operator, findings)
            .map(|wanted| Test::Is(*nature, wanted));
    }
    if let Some((_, kind, order)) = COMPARISONS.iter().find(|(name, ..)| *name == operator) {
        let node = object.get(operator)?;
        let wanted = match (kind, &node.json) {
            (Kind::String, Json::String(_))
            | (Kind::Numeric, Json::Number(_))
            | (Kind::Boolean, Json::Bool(_)) => None,
            (Kind::Timestamp, Json::String(text)) if Timestamp::parse(text).is_some() => None,
            (Kind::Timestamp, Json::String(_)) => {
                let message = "String does not match RFC3339 timestamp";
                findings.schema(&object.at(operator), node.offset, message);
                return None;
            }
            (Kind::String | Kind::Timestamp, _) => Some("a string"),
            (Kind::Numeric, _) => Some("a number"),
            (Kind::Boolean, _) => Some("a boolean"),
        };
        if let Some(wanted) = wanted {
            wrong_kind(node, wanted, &object.at(operator), findings);
            return None;
        }
        return Some(Test::Compare(
            *kind,
            *order,
            Against::Value(node.to_value()),
        ));
    }
    let name = operator.strip_suffix("Path")?;
    let (_, kind, order) = COMPARISONS.iter().find(|(known, ..)| *known == name)?;
    let path = object.path(operator, true, findings)?;
    Some(Test::Compare(*kind, *order, Against::Path(path)))
}
