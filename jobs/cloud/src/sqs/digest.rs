//! MD5 digests, which clients compute as well and compare: by AWS's page "Calculating the MD5 message digest for
//! message attributes".

use std::collections::BTreeMap;

use base64::prelude::{BASE64_STANDARD, Engine};
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

/// A message attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Attribute {
    pub(super) data_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) string_value: Option<String>,
    /// Base64, as it is on the wire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) binary_value: Option<String>,
}

/// Attributes by their names, in the order that the digest wants.
pub(super) type Attributes = BTreeMap<String, Attribute>;

impl Attribute {
    /// Its bytes.
    pub(super) fn bytes(&self) -> Vec<u8> {
        match (&self.string_value, &self.binary_value) {
            (Some(text), _) => text.clone().into_bytes(),
            (None, Some(binary)) => BASE64_STANDARD.decode(binary).unwrap_or_default(),
            (None, None) => Vec::new(),
        }
    }
}

/// The digest of a body.
pub(super) fn of_body(body: &str) -> String {
    hex::encode(Md5::digest(body))
}

/// The digest of attributes; none for none.
pub(super) fn of_attributes(attributes: &Attributes) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut digest = Md5::new();
    let counted = |digest: &mut Md5, bytes: &[u8]| {
        digest.update((bytes.len() as u32).to_be_bytes());
        digest.update(bytes);
    };
    for (name, attribute) in attributes {
        counted(&mut digest, name.as_bytes());
        counted(&mut digest, attribute.data_type.as_bytes());
        // Text or bytes.
        let kind = if attribute.string_value.is_some() {
            1
        } else {
            2
        };
        digest.update([kind]);
        counted(&mut digest, &attribute.bytes());
    }
    Some(hex::encode(digest.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_that_clients_compute() {
        assert_eq!(of_body("hello"), "5d41402abc4b2a76b9719d911017c592");
        assert_eq!(of_attributes(&Attributes::new()), None);
        let text = Attribute {
            data_type: "String".to_owned(),
            string_value: Some("x".to_owned()),
            binary_value: None,
        };
        let binary = Attribute {
            data_type: "Binary".to_owned(),
            string_value: None,
            binary_value: Some("AQID".to_owned()),
        };
        let both = Attributes::from([("b".to_owned(), binary), ("a".to_owned(), text)]);
        // Computed by Python's hashlib over the documented encoding.
        assert_eq!(
            of_attributes(&both).as_deref(),
            Some("aff7372f244d3ebae020d15edb230ef6")
        );
    }
}
