//! Reading `Assign`.

use std::sync::Arc;

use super::fields::Object;
use super::findings::Findings;
use super::position::Json;
use super::state::Assign;
use super::templates::template;
use crate::path::identifier;
use crate::template::Template;

/// The longest name of a variable, in characters.
const MAX_NAME: usize = 80;

/// The variables that a state, a rule or a catcher assigns.
pub(super) fn read_assign(object: &Object<'_>, findings: &mut Findings<'_>) -> Assign {
    let Some(node) = object.get("Assign") else {
        return Assign::new();
    };
    let location = object.at("Assign");
    let Some(members) = object.object("Assign", findings) else {
        return Assign::new();
    };
    for member in members.members() {
        let name = member.key.strip_suffix(".$").unwrap_or(&member.key);
        let message = if name.chars().count() > MAX_NAME {
            format!("The name of a variable has 1 to {MAX_NAME} characters")
        } else if name.is_empty() || identifier(name) != name.len() {
            format!("'{name}' is not a valid name of a variable")
        } else if name == "states" {
            "The name 'states' is reserved".to_owned()
        } else {
            continue;
        };
        findings.schema(&location, member.key_offset, message);
    }
    // As one template, so that keys which become equal are found.
    match template(node, "Assign", &location, object.language, findings) {
        Template::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (Arc::from(name), value))
            .collect(),
        Template::Literal(_) => match &node.json {
            Json::Object(members) => members
                .iter()
                .map(|member| {
                    let value = Template::Literal(member.value.to_value());
                    (Arc::from(member.key.as_str()), value)
                })
                .collect(),
            _ => Assign::new(),
        },
        _ => Assign::new(),
    }
}
